import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../../layers/models/catalog.ts';
import { modelsFolder } from '../../../lib/config.ts';
import type { EmbedderCard } from '../../../lib/vision/embedder-card.ts';
import { distanceAt, similarityOf, thresholdOf } from '../../../lib/vision/similarity.ts';

const embedders = Object.values(catalog)
  .map(({ card }): object & { readonly kind: string } => card)
  .filter((card): card is EmbedderCard => card.kind === 'embedder');

describe.each(embedders.map((card) => [card.id, card] as const))('the card of %s', (_, card) => {
  it('has the threshold at one false match in a thousand, which is a similarity of 80, and means the same at other rates', () => {
    expect(similarityOf(card, thresholdOf(card))).toBe(80);
    expect(similarityOf(card, thresholdOf(card, 1e-2))).toBe(53.3);
    expect(similarityOf(card, thresholdOf(card, 1e-4))).toBe(89.5);
  });

  it('has stricter thresholds at lower false match rates', () => {
    for (const [i, point] of card.operatingPoints.slice(1).entries()) {
      expect(point.falseMatchRate).toBeLessThan(card.operatingPoints[i].falseMatchRate);
      expect(point.distance).toBeLessThan(card.operatingPoints[i].distance);
    }
  });

  it('has a similarity that falls from 100 to 0 as the distance grows', () => {
    let before = 100;
    for (let distance = 0; distance <= 2; distance += 0.01) {
      const similarity = similarityOf(card, distance);
      expect(similarity).toBeLessThanOrEqual(before);
      before = similarity;
    }
    expect(similarityOf(card, 0)).toBe(100);
    expect(similarityOf(card, 2)).toBe(0);
  });

  it('has a similarity that leads back to its distance', () => {
    for (let similarity = 0.5; similarity <= 100; similarity += 0.5) {
      expect(similarityOf(card, distanceAt(card, similarity))).toBeCloseTo(similarity, 9);
    }
    expect(distanceAt(card, 100)).toBe(0);
    expect(distanceAt(card, 0)).toBe(2);
  });
});

describe.each([
  'mobilefacenet-ensemble',
  'mobilefacenet-faceplugin',
  'mobilefacenet',
  'dlib-resnet',
  'dlib-resnet-int8',
] as const)('the similarity of %s', (id) => {
  it('is 99 at one false match in a hundred thousand', () => {
    const { card } = catalog[id];
    expect(similarityOf(card, thresholdOf(card, 1e-5))).toBe(99);
  });
});

it('is kept in a folder of its own edition, apart from what versions with other pins make', () => {
  const pinned = Object.values(catalog).filter((entry) => 'files' in entry);
  const cards = pinned.map(({ card, files }) => ({ ...card, files }));
  const edition = createHash('sha256').update(JSON.stringify(cards)).digest('hex').slice(0, 8);
  expect(basename(modelsFolder({})), `Set modelsEdition in lib/config.ts to '${edition}'`).toBe(edition);
});
