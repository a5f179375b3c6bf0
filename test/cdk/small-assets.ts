import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';

/** Stands for cdk/function-assets.ts where a test looks at templates alone: their assets are of a few bytes, and nothing is built. */
export const { handler } =
  await vi.importActual<typeof import('../../cdk/function-assets.ts')>('../../cdk/function-assets.ts');

const folder = mkdtempSync(join(tmpdir(), 'facenet-assets-'));
mkdirSync(join(folder, 'code'));
writeFileSync(join(folder, 'code', 'Dockerfile'), 'FROM scratch\n');

export const detectCode = () => join(folder, 'code');
export const modelsLayerCode = () => join(folder, 'code');
export const imageSource = (embedder: string) => ({
  directory: join(folder, 'code'),
  file: 'Dockerfile',
  exclude: [],
  buildArgs: { EMBEDDER: embedder },
});
