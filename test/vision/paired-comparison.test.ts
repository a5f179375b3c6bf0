import { describe, expect, it } from 'vitest';
import { labelledFaces } from '../../lib/vision/labelled-faces.ts';
import { comparePairs, trueMatchesAt } from '../../lib/vision/paired-comparison.ts';
import { project } from '../../lib/vision/projection.ts';

const faces = (...people: [person: string, ...degrees: number[]][]) =>
  labelledFaces(
    people.flatMap(([person, ...degrees]) =>
      degrees.map((angle) => ({
        person,
        embedding: Float32Array.of(Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)),
      })),
    ),
  );

describe('two embeddings of the same faces', () => {
  const before = faces(['ada', 0, 40], ['eve', 30, 35], ['bob', 100, 101]);
  const after = faces(['ada', 0, 2], ['eve', 30, 70], ['bob', 100, 101]);

  it('are compared pair by pair, each at its own threshold', () => {
    // Before, a stranger is 5° from somebody and only bob's pair is nearer; after, 28° and ada's is, too.
    const compared = comparePairs(before, after, 0);
    expect(compared).toMatchObject({ people: 3, faces: 6, genuinePairs: 3, impostorPairs: 12 });
    expect(compared.trueMatchRate).toEqual({ before: 1 / 3, after: 2 / 3 });
    expect(compared.gain).toBeCloseTo(1 / 3, 10);
    expect(compared.standardError).toBeCloseTo(1 / 3, 10);
    expect(trueMatchesAt(after, 0)).toBeCloseTo(2 / 3, 10);
  });

  it('have no gain, and no error of it, when they are one', () => {
    expect(comparePairs(before, before, 0.1)).toMatchObject({ gain: 0, standardError: 0 });
  });

  it('gain and lose: the error counts both', () => {
    const { gain, standardError } = comparePairs(
      faces(['a', 0, 1], ['b', 60, 140]),
      faces(['a', 0, 50], ['b', 90, 91]),
      0,
    );
    expect(gain).toBe(0);
    expect(standardError).toBeCloseTo(Math.SQRT2 / 2, 10);
  });

  it('are not compared where nobody has two faces', () => {
    const single = faces(['a', 0], ['b', 90]);
    expect(() => comparePairs(single, single, 0)).toThrow(RangeError);
  });
});

describe('a projection', () => {
  it('is matrix, bias and unit length', () => {
    const projection = {
      inputs: 3,
      outputs: 2,
      matrix: Float32Array.of(1, 0, 0, 0, 2, 0),
      bias: Float32Array.of(2, 0),
    };
    const [x, y, ...second] = project(Float32Array.of(1, 2, 9, -2, 0, 0), projection);
    expect([x, y]).toEqual([expect.closeTo(0.6, 6), expect.closeTo(0.8, 6)]);
    // What comes out as nothing stays nothing.
    expect(second).toEqual([0, 0]);
  });
});
