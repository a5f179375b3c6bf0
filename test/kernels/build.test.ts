import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { compilePooling } from '../../kernels/build.ts';

test('what the vision runs is what the source says (else: npm run kernels)', async () => {
  expect(await readFile('lib/vision/pooling-kernels.ts', 'utf8')).toBe(await compilePooling());
});
