import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toUnitLength } from '../../../lib/vision/distance.ts';
import type { EmbedderCard } from '../../../lib/vision/embedder-card.ts';
import { seededRandom } from '../../../lib/vision/seeded-random.ts';
import { EmbeddingCache } from '../../../local/evaluation/embedding-cache.ts';
import { population } from './population.ts';

/**
 * Photos of 240 people, three of each, would have to be embedded for a calibration or a training; instead their vectors lie in a cache, as after another
 * try: those of `population`, spread over the dimensions of an embedder in the models folder. The photos are none.
 */
export async function cachePopulation(
  folder: string,
  models: string,
  embedder: string,
): Promise<{ readonly images: string; readonly cache: string; readonly card: EmbedderCard }> {
  const [images, file] = [join(folder, 'people'), join(folder, `${embedder}.jsonl`)];
  const card: EmbedderCard = JSON.parse(await readFile(join(models, `${embedder}.json`), 'utf8'));
  const random = seededRandom(5);
  const spread = Float32Array.from({ length: card.dimensions * 16 }, () => random() - 0.5);
  const embeddings = new Map<string, Float32Array>();
  for (const [i, { person, embedding }] of population(240, 3, 0.8).entries()) {
    const wide = Float32Array.from({ length: card.dimensions }, (_, row) =>
      embedding.reduce((sum, value, k) => sum + value * spread[row * 16 + k]!, 0),
    );
    embeddings.set(`${person}/${i}.jpg`, toUnitLength(wide));
  }
  for (const photo of embeddings.keys()) {
    await mkdir(dirname(join(images, photo)), { recursive: true });
    await writeFile(join(images, photo), 'a photo');
  }
  const cache = await EmbeddingCache.open(file, { embedder, provenance: card.provenance, face: 'central' });
  await cache.add(images, [...embeddings.keys()], embeddings);
  return { images, cache: file, card };
}
