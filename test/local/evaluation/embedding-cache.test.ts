import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddingCache } from '../../../local/evaluation/embedding-cache.ts';

const maker = { embedder: 'plane', face: 'central' };
let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
  file = join(folder, 'vectors.jsonl');
  for (const photo of ['a.jpg', 'b.jpg', 'c.jpg']) await writeFile(join(folder, photo), photo);
});
afterEach(() => rm(folder, { recursive: true }));

it('keeps vectors, and that a photo has no face, from one run to the next', async () => {
  const cache = await EmbeddingCache.open(file, maker);
  await cache.add(folder, ['a.jpg', 'b.jpg'], new Map([['a.jpg', Float32Array.of(0.6, 0.8)]]));
  const known = await (await EmbeddingCache.open(file, maker)).known(folder, ['a.jpg', 'b.jpg', 'c.jpg']);
  expect([...known]).toEqual([
    ['a.jpg', Float32Array.of(0.6, 0.8)],
    ['b.jpg', undefined],
  ]);
});

it('forgets a photo that has changed, and a line that was cut off', async () => {
  const cache = await EmbeddingCache.open(file, maker);
  await cache.add(folder, ['a.jpg', 'b.jpg'], new Map());
  await writeFile(join(folder, 'a.jpg'), 'another photo');
  await appendFile(file, '{"photo":"c.jpg","si');
  const known = await (await EmbeddingCache.open(file, maker)).known(folder, ['a.jpg', 'b.jpg', 'c.jpg']);
  expect([...known.keys()]).toEqual(['b.jpg']);
});

it('goes on behind a line that was cut off', async () => {
  await EmbeddingCache.open(file, maker);
  await appendFile(file, '{"photo":"ä');
  const again = await EmbeddingCache.open(file, maker);
  await again.add(folder, ['a.jpg'], new Map());
  const known = await (await EmbeddingCache.open(file, maker)).known(folder, ['a.jpg']);
  expect([...known.keys()]).toEqual(['a.jpg']);
});

it('says when it cannot be kept where it is to be', async () => {
  await expect(EmbeddingCache.open(join(folder, 'none', 'vectors.jsonl'), maker)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: expect.stringContaining('none/vectors.jsonl'),
  });
});

it('is not taken for another embedder, and is readable by its owner alone', async () => {
  await EmbeddingCache.open(file, maker);
  await expect(EmbeddingCache.open(file, { ...maker, embedder: 'space' })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
  expect((await readFile(file, 'utf8')).trim()).toBe(JSON.stringify(maker));
});
