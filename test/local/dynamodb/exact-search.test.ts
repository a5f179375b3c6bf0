import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../lib/vision/seeded-random.ts';
import { type DistanceFunction, searchExactly, type Vectors } from '../../../local/dynamodb/exact-search.ts';
import { encode, largestOf, scaleFor } from '../../../local/dynamodb/vector-codes.ts';
import { VectorRows } from '../../../local/dynamodb/vector-rows.ts';
import { bruteForce } from './brute-force.ts';

/** Searches vectors, whose keys are their slots, and says how many of them were looked at. */
function search(
  vectors: readonly Float32Array[],
  query: Float32Array,
  count: number,
  {
    distance = 'EUCLIDEAN' as DistanceFunction,
    rowsPerChunk = 1000,
    scale = scaleFor(Math.max(0, ...vectors.map(largestOf))),
  } = {},
) {
  const rows = new VectorRows(query.length, rowsPerChunk * query.length);
  const codes = new Int8Array(vectors.length * query.length);
  for (const [slot, vector] of vectors.entries()) encode(vector, scale, codes, slot * query.length);
  rows.add(0, codes);
  let looks = 0;
  const behind: Vectors = {
    scale,
    vectorOf(slot) {
      looks++;
      return vectors[slot]!;
    },
  };
  const found = searchExactly([rows], behind, query, count, distance, (a, b) => keyOf(a) < keyOf(b));
  return { found: found.map(({ slot, score }) => ({ key: keyOf(slot), score })), looks };
}

const keyOf = (slot: number) => String(slot).padStart(6, '0');
const keyed = (vectors: readonly Float32Array[]) => new Map(vectors.map((vector, slot) => [keyOf(slot), vector]));

/** Coarse numbers, so that there are many ties, and fine ones around them, which have the same codes. */
const coordinate = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -2, max: 2 }))
  .map(([a, b]) => a + b * 1e-7);
const vectorOf = (dimensions: number) =>
  fc.array(coordinate, { minLength: dimensions, maxLength: dimensions }).map((values) => new Float32Array(values));

describe('an exact search', () => {
  it.each(['EUCLIDEAN', 'COSINE', 'DOT_PRODUCT'] as const)('finds what brute force finds, by %s', (distance) => {
    fc.assert(
      fc.property(
        fc.array(vectorOf(3), { maxLength: 60, size: 'max' }),
        vectorOf(3),
        fc.integer({ min: 1, max: 30 }),
        (vectors, query, count) => {
          const { found } = search(vectors, query, count, { distance, rowsPerChunk: 10 });

          expect(found).toEqual(bruteForce(keyed(vectors), query, count, distance));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('finds what brute force finds, whatever the size of the numbers, those of the query beyond all codes too', () => {
    const size = fc.integer({ min: -38, max: 37 }).map((exponent) => 10 ** exponent);
    fc.assert(
      fc.property(
        fc.array(vectorOf(5), { minLength: 1, maxLength: 100, size: 'max' }),
        vectorOf(5),
        size,
        size,
        (vectors, query, a, b) => {
          const scaled = vectors.map((vector) => vector.map((value) => value * a));
          const wanted = query.map((value) => value * b);

          expect(search(scaled, wanted, 7).found).toEqual(bruteForce(keyed(scaled), wanted, 7));
        },
      ),
    );
  });

  it('finds vectors whose every component lies in the middle between two codes, as far from them as can be', () => {
    const dimensions = 192;
    const scale = scaleFor(0.5);
    const random = seededRandom(3);
    const middle = () => (Math.floor(random() * 100) - 50 + (random() < 0.5 ? 0.4999999 : -0.4999999)) * scale;
    const vectors = Array.from({ length: 500 }, () => Float32Array.from({ length: dimensions }, middle));
    const near = vectors[77]!;
    const query = near.map((value) => value + scale * 0.49);

    expect(search(vectors, query, 10, { scale }).found).toEqual(bruteForce(keyed(vectors), query, 10));
  });

  it('is right among thousands of vectors in clusters tighter than a code', () => {
    const random = seededRandom(7);
    const dimensions = 64;
    const vectors = Array.from({ length: 20 }, () => {
      const centre = Float32Array.from({ length: dimensions }, () => random() - 0.5);
      return Array.from({ length: 200 }, () => centre.map((value) => value + (random() - 0.5) * 1e-6));
    }).flat();

    for (let slot = 0; slot < vectors.length; slot += 400) {
      const { found, looks } = search(vectors, vectors[slot]!, 10);
      expect(found).toEqual(bruteForce(keyed(vectors), vectors[slot]!, 10));
      expect(looks).toBeLessThanOrEqual(200);
    }
  });

  it('looks at few vectors of a crowd as faces are: unit vectors, ten of each person', () => {
    const random = seededRandom(11);
    const dimensions = 192;
    const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const unit = (vector: Float32Array) => {
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
      return vector.map((value) => value / length);
    };
    const vectors = Array.from({ length: 1000 }, () => {
      const person = unit(Float32Array.from({ length: dimensions }, gauss));
      return Array.from({ length: 10 }, () => unit(person.map((value) => value + gauss() * 0.05)));
    }).flat();

    for (const query of [vectors[123]!, unit(Float32Array.from({ length: dimensions }, gauss))]) {
      const { found, looks } = search(vectors, query, 10);
      expect(found).toEqual(bruteForce(keyed(vectors), query, 10));
      expect(looks).toBeLessThan(200);
    }
  });

  it('finds nothing among nothing', () => {
    expect(search([], new Float32Array([1, 2]), 5).found).toEqual([]);
  });
});
