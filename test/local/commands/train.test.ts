import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder, variable } from '../../../lib/config.ts';
import { trainCommand } from '../../../local/commands/train.ts';
import { cachePopulation } from '../training/population-cache.ts';

let folder: string;
let models: string;
let people: Awaited<ReturnType<typeof cachePopulation>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'));
  models = join(folder, 'models');
  await cp(modelsFolder(), models, { recursive: true });
  vi.stubEnv(variable.models, models);
  people = await cachePopulation(folder, models, 'mobilefacenet');
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
    people.images,
    '--embedder',
    'mobilefacenet',
    '--cache',
    people.cache,
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
  expect(told).toMatchObject({
    embedder: 'mobilefacenet-32',
    settings: { dims: 32, epochs: 4 },
    epochs: [{ number: 1 }, { number: 2 }, { number: 3 }, { number: 4 }],
    helps: true,
    judged: { people: 60 },
  });
  expect(told.judged.gain).toBeGreaterThan(told.judged.standardError);
  const { card } = await openEmbedder(models, 'mobilefacenet-32', 1);
  expect(card).toMatchObject({ dimensions: 32, crop: people.card.crop, licence: people.card.licence });
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

it.each([
  ['people enough', ['--images', 'few'], /people enough/],
  ['no more dimensions than there are', ['--dims', '193'], /at most the 192 dimensions/],
  ['a folder for the picture', ['--picture', 'none/loss.svg'], /Expected a folder none/],
])('asks for %s before it embeds a photo', async (_, options, message) => {
  const few = join(folder, 'few', 'one');
  await mkdir(few, { recursive: true });
  await writeFile(join(few, '1.jpg'), 'a photo that cannot be decoded');
  const given = options.map((option) => (option === 'few' ? join(folder, 'few') : option));
  const cache = join(folder, 'not-begun.jsonl');
  await expect(train(...given, '--cache', cache)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringMatching(message),
  });
  expect(await readdir(folder)).not.toContain('not-begun.jsonl');
});
