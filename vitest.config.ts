import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/models.setup.ts',
    pool: 'forks',
    maxWorkers: 2,
    // Only what hangs takes so long: other work on the machine makes a test slow, and must not make it fail.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
