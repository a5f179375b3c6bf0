import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder, variable } from '../../../lib/config.ts';
import { toUnitLength } from '../../../lib/vision/distance.ts';
import type { EmbedderCard } from '../../../lib/vision/embedder-card.ts';
import { seededRandom } from '../../../lib/vision/projection-training.ts';
import { trainCommand } from '../../../local/commands/train.ts';
import { EmbeddingCache } from '../../../local/training/embedding-cache.ts';
import { population } from '../training/population.ts';

/**
 * Photos of 240 people would have to be embedded here; instead their vectors lie in the cache, as after another try. What is taught on, judged and
 * installed is all real.
 */
let folder: string;
let images: string;
let models: string;
let base: EmbedderCard;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'));
  images = join(folder, 'people');
  models = join(folder, 'models');
  await cp(modelsFolder(), models, { recursive: true });
  vi.stubEnv(variable.models, models);
  base = JSON.parse(await readFile(join(models, 'mobilefacenet.json'), 'utf8'));
  const embeddings = new Map<string, Float32Array>();
  const random = seededRandom(5);
  const spread = Float32Array.from({ length: 192 * 16 }, () => random() - 0.5);
  for (const [i, { person, embedding }] of population(240, 3, 0.8).entries()) {
    const wide = Float32Array.from({ length: 192 }, (_, row) =>
      embedding.reduce((sum, value, k) => sum + value * spread[row * 16 + k], 0),
    );
    embeddings.set(`${person}/${i}.jpg`, toUnitLength(wide));
  }
  for (const photo of embeddings.keys()) {
    await mkdir(dirname(join(images, photo)), { recursive: true });
    await writeFile(join(images, photo), 'a photo');
  }
  const maker = { embedder: 'mobilefacenet', provenance: base.provenance, face: 'central' };
  const cache = await EmbeddingCache.open(join(folder, 'vectors.jsonl'), maker);
  await cache.add(images, [...embeddings.keys()], embeddings);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  process.exitCode = undefined;
});

/** Runs the command; answers what it printed, and its exit code. */
async function train(...options: string[]) {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const given = [
    '--images',
    images,
    '--embedder',
    'mobilefacenet',
    '--cache',
    join(folder, 'vectors.jsonl'),
    '--rate',
    '0.01',
    ...options,
  ];
  try {
    await trainCommand().parseAsync([...given, '--json'], { from: 'user' });
    const code = process.exitCode;
    process.exitCode = undefined;
    return { code, told: JSON.parse(printed.mock.calls.map(([line]) => line).join('\n')) };
  } finally {
    printed.mockRestore();
  }
}

it('makes one more embedder, calibrated on people whom it has not seen, and draws the loss', async () => {
  const picture = join(folder, 'loss.svg');
  const { code, told } = await train('--dims', '32', '--epochs', '4', '--picture', picture);
  expect(code).toBeUndefined();
  expect(told).toMatchObject({ embedder: 'mobilefacenet-32', helps: true, judged: { people: 60 } });
  expect(told.judged.gain).toBeGreaterThan(told.judged.standardError);
  const { card } = await openEmbedder(models, 'mobilefacenet-32', 1);
  expect(card).toMatchObject({ dimensions: 32, crop: base.crop, licence: base.licence });
  expect(card.operatingPoints.map(({ falseMatchRate }) => falseMatchRate)).toEqual([1e-2, 1e-3, 1e-4, 1e-5]);
  expect(card.provenance).toContain('projected onto 32 dimensions');
  expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
});

it('does not take the place of another, unless it is told to', async () => {
  await train('--dims', '32', '--epochs', '1', '--id', 'taken');
  await expect(train('--dims', '32', '--epochs', '1', '--id', 'taken')).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
  await expect(train('--dims', '32', '--id', 'dlib-resnet', '--force')).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
  const before = (await stat(join(models, 'taken.json'))).mtimeMs;
  await train('--dims', '32', '--epochs', '1', '--id', 'taken', '--force');
  expect((await stat(join(models, 'taken.json'))).mtimeMs).toBeGreaterThan(before);
});

it('installs nothing when it does not help, and says so with its exit code', async () => {
  const before = await readdir(models);
  const { code, told } = await train('--dims', '2', '--epochs', '1');
  expect(code).toBe(1);
  expect(told.helps).toBe(false);
  expect(await readdir(models)).toEqual(before);
});
