import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { projectedEmbedder } from '../../../layers/models/projected-embedder.ts';
import { readEmbedder } from '../../../lib/adapters/model-folder.ts';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import type { RgbImage } from '../../../lib/vision/image.ts';
import { project } from '../../../lib/vision/projection.ts';
import { installEmbedder } from '../../../local/training/install-embedder.ts';

const inputs = 192;

test('an embedder with a projection behind it opens by its card, and gives the projected vectors, whatever the batch', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'projected-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const matrix = Float32Array.from({ length: 5 * inputs }, (_, i) => Math.sin(i * 1.7));
  const projection = { inputs, outputs: 5, matrix, bias: Float32Array.of(0.1, 0, -0.1, 0.2, 0) };
  const { card, graph } = await readEmbedder(modelsFolder(), 'mobilefacenet');
  await installEmbedder(folder, { ...card, id: 'five', dimensions: 5 }, projectedEmbedder(graph, projection));

  const crops = [crop(1), crop(7), crop(31)];
  const base = await (await openEmbedder(modelsFolder(), 'mobilefacenet', 2)).embed(crops);
  const five = await (await openEmbedder(folder, 'five', 2)).embed(crops);
  for (const [i, vector] of base.entries()) {
    const expected = project(vector, projection);
    for (let k = 0; k < 5; k++) expect(five[i][k]).toBeCloseTo(expected[k], 5);
  }
});

test('a projection of other dimensions is refused', async () => {
  const { graph } = await readEmbedder(modelsFolder(), 'mobilefacenet');
  const projection = { inputs: 100, outputs: 1, matrix: new Float32Array(100), bias: new Float32Array(1) };
  expect(() => projectedEmbedder(graph, projection)).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
});

function crop(step: number): RgbImage {
  return { width: 112, height: 112, data: Uint8Array.from({ length: 112 * 112 * 3 }, (_, i) => (i * step) % 251) };
}
