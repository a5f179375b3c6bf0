import { describe, expect, it } from 'vitest';
import { evaluate } from '../../../local/evaluation/evaluate.ts';
import type { Pair } from '../../../local/evaluation/pairs-file.ts';

const pair = (fold: string, imageA: string, imageB: string, same: boolean): Pair => ({ fold, imageA, imageB, same });

/** Vectors at an angle, in degrees. */
function embeddingsOf(angles: Readonly<Record<string, number>>): Map<string, Float32Array> {
  const at = (degrees: number) => (degrees * Math.PI) / 180;
  return new Map(
    Object.entries(angles).map(([photo, angle]) => [photo, Float32Array.of(Math.cos(at(angle)), Math.sin(at(angle)))]),
  );
}

const angles = { 'a/1.jpg': 0, 'a/2.jpg': 10, 'b/1.jpg': 90, 'b/2.jpg': 100, 'c/1.jpg': 200 };
const pairs = [
  pair('1', 'a/1.jpg', 'a/2.jpg', true),
  pair('1', 'a/1.jpg', 'b/1.jpg', false),
  pair('2', 'b/1.jpg', 'b/2.jpg', true),
  pair('2', 'b/1.jpg', 'c/1.jpg', false),
];

describe('an evaluation', () => {
  it('takes all pairs of different people where each photo lies in a folder of its person', () => {
    const evaluation = evaluate('model', pairs, embeddingsOf(angles));

    expect(evaluation).toMatchObject({
      embedder: 'model',
      photos: 5,
      photosWithFace: 5,
      pairs: 4,
      accuracy: 1,
      accuracyDeviation: 0,
      ratesOf: 'all',
      genuinePairs: 2,
      impostorPairs: 8,
      identification: { enrolled: 3, searches: 2, rankOneRate: 1 },
    });
    expect(evaluation.thresholds.map(({ falseMatchRate }) => falseMatchRate)).toEqual([1e-2, 1e-3, 1e-4]);
    expect(evaluation.thresholds[1]).toMatchObject({ trueMatchRate: 1, falseMatches: 0 });
  });

  it('takes the listed ones where folders are not people', () => {
    const flat = pairs.map((p) => ({ ...p, imageA: p.imageA.replace('/', '-'), imageB: p.imageB.replace('/', '-') }));
    const embeddings = new Map([...embeddingsOf(angles)].map(([photo, vector]) => [photo.replace('/', '-'), vector]));

    const evaluation = evaluate('model', flat, embeddings);

    expect(evaluation).toMatchObject({ ratesOf: 'listed', impostorPairs: 2, accuracy: 1 });
    expect(evaluation.identification).toBeUndefined();
  });

  it('counts a photo without a face as one that matches nobody', () => {
    const { 'a/2.jpg': _, ...rest } = angles;

    const evaluation = evaluate('model', pairs, embeddingsOf(rest));

    expect(evaluation.photosWithFace).toBe(4);
    expect(evaluation.thresholds[0]?.trueMatchRate).toBe(0.5);
  });

  it('refuses pairs that no threshold can be judged on', () => {
    const oneFold = pairs.map((p) => ({ ...p, fold: '1' }));
    expect(() => evaluate('model', oneFold, embeddingsOf(angles))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
    const genuine = pairs.filter(({ same }) => same);
    expect(() => evaluate('model', genuine, embeddingsOf(angles))).toThrow(/different people/);
  });
});
