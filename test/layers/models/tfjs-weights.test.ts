import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readTfjsWeights } from '../../../layers/models/tfjs-weights.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A model of a float tensor and a quantised one, whose bytes are parted in the midst of a float. */
async function write(bytes: readonly number[]): Promise<void> {
  const weights = [
    { name: 'plain', shape: [2], dtype: 'float32' },
    { name: 'coarse', shape: [1, 3], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.5, min: -1 } },
  ];
  await writeFile(join(folder, 'm-weights_manifest.json'), JSON.stringify([{ paths: ['m-1', 'm-2'], weights }]));
  await writeFile(join(folder, 'm-1'), Buffer.from(bytes.slice(0, 5)));
  await writeFile(join(folder, 'm-2'), Buffer.from(bytes.slice(5)));
}

const floats = [...new Uint8Array(Float32Array.of(1.5, -2).buffer)];

describe("weights in TensorFlow.js' format", () => {
  it('are read across shards, plain and quantised', async () => {
    await write([...floats, 0, 2, 255]);

    const weights = await readTfjsWeights(folder, 'm');

    expect(weights.get('plain')).toEqual({ shape: [2], data: Float32Array.of(1.5, -2) });
    expect(weights.get('coarse')).toEqual({ shape: [1, 3], data: Float32Array.of(-1, 0, 126.5) });
  });

  it('name the tensor that is not among them', async () => {
    await write([...floats, 0, 2, 255]);
    const weights = await readTfjsWeights(folder, 'm');
    expect(() => weights.get('fine')).toThrow(
      expect.objectContaining({ code: 'MODEL_CORRUPT', message: expect.stringContaining('"fine"') }),
    );
  });

  it.each([
    ['too few', [...floats, 0, 2]],
    ['too many', [...floats, 0, 2, 255, 7]],
  ])('are refused when their shards have %s bytes', async (_, bytes) => {
    await write(bytes);
    await expect(readTfjsWeights(folder, 'm')).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});
