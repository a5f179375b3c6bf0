import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { semiHardTriplets, squaredDistances, tripletLoss } from '../../lib/vision/triplet-loss.ts';

const margin = 0.2;

describe('the semi-hard negative', () => {
  /** Faces on a line of squared distances from face 0; only row 0 is looked at. */
  const fromFirst = (...distances: number[]) => {
    const rows = distances.length + 1;
    const all = new Float32Array(rows * rows).fill(9);
    for (const [i, distance] of distances.entries()) {
      all[i + 1] = distance;
      all[(i + 1) * rows] = distance;
    }
    for (let i = 0; i < rows; i++) all[i * rows + i] = 0;
    return all;
  };
  const ofFirst = (people: number[], ...distances: number[]) => {
    const { anchors, positives, negatives } = semiHardTriplets(
      fromFirst(...distances),
      Int32Array.from(people),
      margin,
    );
    return [...anchors.keys()].filter((i) => anchors[i] === 0).map((i) => [positives[i], negatives[i]]);
  };

  it('is the nearest stranger who is farther than the positive', () => {
    expect(ofFirst([0, 0, 1, 2, 3], 0.5, 0.4, 0.6, 0.55)).toEqual([[1, 4]]);
  });

  it('is none when every stranger is nearer than the positive, or farther by the margin', () => {
    expect(ofFirst([0, 0, 1, 2], 0.5, 0.4, 0.5)).toEqual([]);
    expect(ofFirst([0, 0, 1], 0.5, 0.75)).toEqual([]);
  });

  it('is looked for from both ends of every pair of a person', () => {
    const vectors = unitVectors([0, 10, 25, 40, 41]);
    const distances = squaredDistances(vectors, 5, 2);
    const { anchors, positives, negatives } = semiHardTriplets(distances, Int32Array.of(0, 0, 0, 1, 1), margin);
    for (let i = 0; i < anchors.length; i++) {
      const near = distances[anchors[i] * 5 + positives[i]];
      const far = distances[anchors[i] * 5 + negatives[i]];
      expect(far).toBeGreaterThan(near);
      expect(far).toBeLessThan(near + margin);
    }
    const pairs = [...anchors.keys()].map((i) => `${anchors[i]}-${positives[i]}`);
    expect(new Set(pairs).size).toBe(pairs.length);
    expect(pairs).toContain('2-1');
    expect(pairs).toContain('4-3');
  });
});

describe('the triplet loss', () => {
  const triplets = { anchors: Int32Array.of(0, 2), positives: Int32Array.of(1, 1), negatives: Int32Array.of(2, 0) };

  it('is the mean of what lacks to the margin', () => {
    const vectors = Float32Array.of(1, 0, 0, 1, -1, 0);
    // |a − p|² = 2, |a − n|² = 4 for the first: nothing lacks; the second is the same.
    expect(tripletLoss(vectors, 2, triplets, margin, new Float32Array(6))).toBe(0);
    expect(tripletLoss(vectors, 2, triplets, 3, new Float32Array(6))).toBeCloseTo(1, 6);
    expect(
      tripletLoss(vectors, 2, semiHardTriplets(new Float32Array(0), new Int32Array(0), margin), 3, new Float32Array(6)),
    ).toBe(0);
  });

  it('has the gradient that small steps measure', () => {
    const number = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(number, { minLength: 9, maxLength: 9 }), fc.nat(8), (values, at) => {
        const vectors = Float32Array.from(values);
        const loss = (change: number) =>
          tripletLoss(
            vectors.map((value, i) => (i === at ? value + change : value)),
            3,
            triplets,
            9,
            new Float32Array(9),
          );
        const gradient = new Float32Array(9);
        tripletLoss(vectors, 3, triplets, 9, gradient);
        expect(gradient[at]).toBeCloseTo((loss(0.01) - loss(-0.01)) / 0.02, 2);
      }),
    );
  });
});

describe('squared distances', () => {
  it('are those between unit vectors', () => {
    const distances = squaredDistances(unitVectors([0, 60, 180]), 3, 2);
    expect([...distances].map((value) => Math.round(value * 1e5) / 1e5)).toEqual([0, 1, 4, 1, 0, 3, 4, 3, 0]);
  });
});

function unitVectors(degrees: readonly number[]): Float32Array {
  return Float32Array.from(
    degrees.flatMap((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]),
  );
}
