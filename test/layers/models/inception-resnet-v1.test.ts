import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureModels } from '../../../layers/models/ensure.ts';
import { buildInceptionResnetV1 } from '../../../layers/models/inception-resnet-v1.ts';
import { readStateDict } from '../../../layers/models/pytorch-state-dict.ts';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import type { RgbImage } from '../../../lib/vision/image.ts';
import { legacyFile, type SavedTensor } from './pytorch-file.ts';

/** Not in the repository: state dicts with patterned weights, an input, and the embedding that PyTorch gives. Without it, these tests are skipped. */
const shared = '../shared/data/facenet';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(shared))('FaceNet made of a state dict of PyTorch', () => {
  const unpack = async (name: string): Promise<string> => {
    const from = join(folder, `${name}.pt`);
    await writeFile(from, gunzipSync(await readFile(`${shared}/${name}.pt.gz`)));
    return from;
  };

  it.each(['facenet-pattern', 'facenet-pattern-legacy'])('embeds as PyTorch does: %s', async (name) => {
    const from = await unpack(name);
    const { embedding } = JSON.parse(await readFile(`${shared}/facenet-pattern.json`, 'utf8'));
    await ensureModels(['facenet-vggface2'], { folder, from });
    const embedder = await openEmbedder(folder, 'facenet-vggface2', 2);
    const [first, second] = await embedder.embed([patternedCrop(), patternedCrop()]);
    // PyTorch and ONNX Runtime sum in different orders, and so does each kind of processor: a float32 net of 23 M weights agrees to about 1e-7 here.
    for (let i = 0; i < 512; i++) {
      expect(Math.abs(first[i] - embedding[i]), `dimension ${i}`).toBeLessThan(1e-5);
      expect(Math.abs(second[i] - embedding[i]), `dimension ${i}, second of the batch`).toBeLessThan(1e-5);
    }
  });

  it('embeds nearly so with its weights in 16 bits, in half a file', async () => {
    const from = await unpack('facenet-pattern');
    const { embedding } = JSON.parse(await readFile(`${shared}/facenet-pattern.json`, 'utf8'));
    const [file] = await ensureModels(['facenet-vggface2-fp16'], { folder, from });
    expect(file!.bytes).toBeLessThan(48e6);
    const [vector] = await (await openEmbedder(folder, 'facenet-vggface2-fp16', 2)).embed([patternedCrop()]);
    // 16 bits round each of 23 M weights by 1/2048 at most; 1e-4 is what the whole conversion was asked for.
    expect(Math.max(...vector.map((value, i) => Math.abs(value - embedding[i])))).toBeLessThan(1e-4);
  });
});

describe('FaceNet made of weights of this test', () => {
  const tensors = namedTensors();

  it('takes the tensors of Inception-ResNet-v1', () => {
    expect(Object.keys(tensors)).toHaveLength(111 * 5 + 21 * 2 + 5);
    expect(tensors['repeat_2.9.branch1.1.conv.weight'].shape).toEqual([128, 128, 1, 7]);
    // facenet-pytorch's InceptionResnetV1() counts as many parameters without its classifier.
    const parameters = Object.entries(tensors).filter(([name]) => !name.includes('.running_'));
    expect(parameters.reduce((sum, [, { data }]) => sum + data.length, 0)).toBe(23_482_624);
  });

  it('becomes a model that opens by its card and gives unit vectors, whatever the batch', async () => {
    const from = join(folder, 'synthetic.pt');
    await writeFile(from, legacyFile(tensors));
    const lines: string[] = [];
    const [file] = await ensureModels(['facenet-casia'], { folder, from, progress: (line) => lines.push(line) });
    expect(lines[0]).toContain(
      createHash('sha256')
        .update(await readFile(from))
        .digest('hex'),
    );
    const embedder = await openEmbedder(folder, 'facenet-casia', 2);
    const crops = [patternedCrop(), greyCrop(64), greyCrop(192)];
    const together = await embedder.embed(crops);
    const [alone] = await embedder.embed([crops[2]]);
    for (const vector of together) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    expect(Math.max(...alone.map((value, i) => Math.abs(value - together[2][i])))).toBeLessThan(1e-5);
    expect(Math.max(...alone.map((value, i) => Math.abs(value - together[0][i])))).toBeGreaterThan(1e-3);
    // Made once: the next call finds it by the checksum that the conversion wrote into the card.
    const again = await ensureModels(['facenet-casia'], { folder, progress: (line) => lines.push(`again ${line}`) });
    expect(again).toEqual([file]);
    expect(lines.filter((line) => line.startsWith('again'))).toEqual([]);
  });

  it('is not opened when its file is not the one that its card was written with', async () => {
    await writeFile(join(folder, 'facenet-casia.onnx'), 'something else');
    await expect(openEmbedder(folder, 'facenet-casia', 2)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });

  it.each([
    ['a missing tensor', 'mixed_7a.branch2.1.bn.running_var', undefined],
    ['a tensor of another shape', 'last_linear.weight', { shape: [128, 1792], data: new Float32Array(128 * 1792) }],
    ['variances below nothing', 'conv2d_4b.bn.running_var', { shape: [256], data: new Float32Array(256).fill(-1) }],
  ])('is refused by name for %s, and leaves nothing behind', async (_, name, instead) => {
    const { [name]: __, ...others } = tensors;
    const from = join(folder, 'broken.pt');
    await writeFile(from, legacyFile(instead ? { ...others, [name]: instead } : others));
    const before = await readdir(folder);
    const making = ensureModels(['facenet-vggface2'], { folder, from });
    await expect(making).rejects.toMatchObject({ code: 'MODEL_CORRUPT', message: expect.stringContaining(name) });
    expect(await readdir(folder)).toEqual(before);
  });
});

describe('the weights of a FaceNet', () => {
  it('are refused when they are a file that is not there', async () => {
    const making = ensureModels(['facenet-vggface2'], { folder, from: join(folder, 'nowhere.pt') });
    await expect(making).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });

  it('are refused when they are another file', async () => {
    const weights = await readStateDict(legacyFile({}));
    expect(() => buildInceptionResnetV1(weights)).toThrow(/conv2d_1a\.conv\.weight/);
  });
});

/** The tensors that the net asks for, with seeded weights that keep its activations in bounds: batch norm leaves the rest. */
function namedTensors(): Readonly<Record<string, SavedTensor>> {
  const tensors: Record<string, SavedTensor> = {};
  let seed = 1;
  buildInceptionResnetV1({
    get: (name, shape) => {
      const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
      const spread = Math.sqrt(6 / (data.length / shape[0]));
      for (let i = 0; i < data.length; i++) {
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const value = seed / 2 ** 31 - 1;
        data[i] = shape.length > 1 ? value * spread : value / 4 + (/var$|bn.weight$/.test(name) ? 1 : 0);
      }
      tensors[name] = { shape, data };
      return { shape, data };
    },
  });
  return tensors;
}

/** The input of facenet-pattern.json: byte i is the highest byte of i · 2654435761 modulo 2³². */
function patternedCrop(): RgbImage {
  return {
    width: 160,
    height: 160,
    data: Uint8Array.from({ length: 160 * 160 * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24),
  };
}

function greyCrop(level: number): RgbImage {
  return { width: 160, height: 160, data: new Uint8Array(160 * 160 * 3).fill(level) };
}
