import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { searchExactly } from '../../../local/dynamodb/exact-search.ts';
import { VectorRows } from '../../../local/dynamodb/vector-rows.ts';

/** A comparison of everything with everything in float64. */
function bruteForce(vectors: ReadonlyMap<string, Float32Array>, query: Float32Array, count: number) {
  return [...vectors]
    .map(([key, vector]) => ({ key, score: Math.hypot(...Array.from(vector, (value, i) => value - query[i]!)) }))
    .sort((a, b) => a.score - b.score || (a.key < b.key ? -1 : 1))
    .slice(0, count);
}

/** Coarse numbers, so that there are many ties, and fine ones around them, so that float32 rounds. */
const coordinate = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -2, max: 2 }))
  .map(([a, b]) => a + b * 1e-7);

describe('an exact search', () => {
  it.each(['EUCLIDEAN', 'COSINE', 'DOT_PRODUCT'] as const)(
    'finds what a comparison of all finds, by %s',
    (distance) => {
      const rows = new VectorRows(2);
      for (const [key, vector] of Object.entries({ a: [1, 0], b: [0, 2], c: [-1, 0] }))
        rows.set(key, new Float32Array(vector));

      const found = searchExactly([rows], new Float32Array([1, 0.5]), 3, distance).map(({ row }) => rows.keyOf(row));

      expect(found).toEqual(
        { EUCLIDEAN: ['a', 'b', 'c'], COSINE: ['a', 'b', 'c'], DOT_PRODUCT: ['a', 'b', 'c'] }[distance],
      );
    },
  );

  it('agrees with brute force after any additions and removals, over several arrays', () => {
    const dimensions = 3;
    const vector = fc.array(coordinate, { minLength: dimensions, maxLength: dimensions });
    const step = fc.tuple(fc.integer({ min: 0, max: 80 }).map(String), fc.option(vector, { freq: 4 }));
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200, size: 'max' }),
        vector,
        fc.integer({ min: 1, max: 30 }),
        (steps, query, count) => {
          const expected = new Map<string, Float32Array>();
          const rows = new VectorRows(dimensions, 10 * dimensions * 4);
          for (const [key, values] of steps) {
            if (values) {
              rows.set(key, new Float32Array(values));
              expected.set(key, new Float32Array(values));
            } else {
              expect(rows.delete(key)).toBe(expected.delete(key));
            }
          }

          const wanted = new Float32Array(query);
          const found = searchExactly([rows], wanted, count, 'EUCLIDEAN');

          expect(rows.size).toBe(expected.size);
          const reference = bruteForce(expected, wanted, count);
          expect(found.map(({ score }) => score)).toEqual(reference.map(({ score }) => expect.closeTo(score, 12)));
          expect(new Set(found.map(({ row }) => rows.keyOf(row))).size).toBe(found.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is right among thousands of vectors in tight clusters', () => {
    const random = mulberry32(7);
    const dimensions = 64;
    const rows = new VectorRows(dimensions, 1000 * dimensions * 4);
    const vectors = new Map<string, Float32Array>();
    for (let cluster = 0; cluster < 20; cluster++) {
      const centre = Float32Array.from({ length: dimensions }, () => random() - 0.5);
      for (let i = 0; i < 200; i++) {
        const key = `${cluster}/${i}`;
        const vector = centre.map((value) => value + (random() - 0.5) * 1e-6);
        rows.set(key, vector);
        vectors.set(key, vector);
      }
    }

    for (const query of [...vectors.values()].slice(0, 4000).filter((_, i) => i % 400 === 0)) {
      const found = searchExactly([rows], query, 10, 'EUCLIDEAN');
      expect(found.map(({ row }) => rows.keyOf(row))).toEqual(bruteForce(vectors, query, 10).map(({ key }) => key));
    }
  });

  it('reads a query that lies in the middle of a buffer', () => {
    const rows = new VectorRows(2);
    for (let i = 0; i < 100; i++) rows.set(String(i), new Float32Array([i, 0]));

    const [nearest] = searchExactly([rows], new Float32Array([9, 9, 42, 0]).subarray(2), 1, 'EUCLIDEAN');

    expect(rows.keyOf(nearest!.row)).toBe('42');
  });
});

/** A small seeded generator (Tommy Ettinger's mulberry32): numbers in 0..1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
