import { describe, expect, it } from 'vitest';
import { labelledFaces } from '../../../lib/vision/labelled-faces.ts';
import { project } from '../../../lib/vision/projection.ts';
import { principalProjection } from '../../../local/training/principal-projection.ts';
import {
  helps,
  splitByPerson,
  type TeachingSettings,
  teachProjection,
} from '../../../local/training/teach-projection.ts';
import { population } from './population.ts';

const settings: TeachingSettings = {
  dims: 16,
  margin: 0.2,
  epochs: 8,
  batchFaces: 256,
  facesPerPerson: 6,
  learningRate: 2e-2,
  seed: 1,
};
const silent = () => {};

describe('teaching with the triplet loss', () => {
  it('finds what tells people apart, and gains on people whom it has not seen', () => {
    const { judged, epochs, kept, helps } = teachProjection(population(240, 3, 0.8), settings, silent);
    expect(helps).toBe(true);
    expect(judged.gain).toBeGreaterThan(3 * judged.standardError);
    expect(epochs.at(-1)!.loss).toBeLessThan(epochs[0].loss);
    expect(kept).toBeGreaterThan(0);
  });

  it('halves the dimensions without losing anybody, where half of them tell nothing', () => {
    const { judged, projection } = teachProjection(population(240, 3, 0.05), { ...settings, dims: 8 }, silent);
    expect(projection.outputs).toBe(8);
    expect(judged.gain).toBeGreaterThanOrEqual(-judged.standardError);
  });

  it('says when it does not help: too few dimensions to tell people apart', () => {
    const { helps, judged } = teachProjection(population(240, 3, 0.05), { ...settings, dims: 2 }, silent);
    expect(helps).toBe(false);
    expect(judged.gain).toBeLessThan(-0.1);
  });

  it('gives the same for the same seed, and another for another', () => {
    const faces = population(200, 3, 0.5);
    const teach = (seed: number) => teachProjection(faces, { ...settings, epochs: 2, seed }, silent).projection.matrix;
    expect(teach(1)).toEqual(teach(1));
    expect(teach(2)).not.toEqual(teach(1));
  });

  it('asks for more people before it judges by too few', () => {
    expect(() => teachProjection(population(30, 4, 0.5), settings, silent)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('10000 pairs') }),
    );
  });
});

describe('the parts of the people', () => {
  it('share nobody, and are all of them', () => {
    const faces = population(100, 2, 0.5);
    const split = splitByPerson(faces, [0.25, 0.15], 3);
    expect(split.map((part) => part.length)).toEqual([50, 30, 120]);
    const people = split.map((part) => new Set(part.map(({ person }) => person)));
    expect(people[0].size + people[1].size + people[2].size).toBe(100);
    expect(new Set(people.flatMap((part) => [...part])).size).toBe(100);
  });
});

describe('what helps', () => {
  const judged = { gain: 0, standardError: 0 } as Parameters<typeof helps>[0];
  it.each([
    [0, 0, true, true],
    [-0.0009, 0, true, true],
    [-0.02, 0.01, true, false],
    [0, 0, false, false],
    [0.01, 0.02, false, false],
    [0.03, 0.02, false, true],
  ])('a gain of %d ± %d, in fewer dimensions: %s → %s', (gain, standardError, isSmaller, expected) => {
    expect(helps({ ...judged, gain, standardError }, isSmaller)).toBe(expected);
  });
});

describe('the principal axes', () => {
  it('are a rotation when nothing is left out: distances stay', () => {
    const faces = labelledFaces(population(40, 2, 0.5));
    const turned = project(faces.vectors, principalProjection(faces, 16));
    const dot = (vectors: Float32Array, a: number, b: number) =>
      Array.from({ length: 16 }, (_, i) => vectors[a * 16 + i] * vectors[b * 16 + i]).reduce(
        (sum, value) => sum + value,
      );
    for (const [a, b] of [
      [0, 1],
      [3, 70],
      [20, 21],
    ])
      expect(dot(turned, a, b)).toBeCloseTo(dot(faces.vectors, a, b), 5);
  });

  it('cannot be more than there are dimensions', () => {
    const faces = labelledFaces(population(40, 2, 0.5));
    expect(() => principalProjection(faces, 17)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });
});
