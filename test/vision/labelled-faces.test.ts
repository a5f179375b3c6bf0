import { describe, expect, it } from 'vitest';
import { identifyOneShot, labelledFaces, pairDistances } from '../../lib/vision/labelled-faces.ts';

/** A unit vector at an angle, in degrees; two of them are 2 · sin(half the angle between) apart. */
function face(person: string, degrees: number) {
  const angle = (degrees * Math.PI) / 180;
  return { person, embedding: Float32Array.of(Math.cos(angle), Math.sin(angle)) };
}

describe('the distances of all pairs', () => {
  it('are told apart by whether the person is the same', () => {
    const { genuine, impostor } = pairDistances(
      labelledFaces([face('a', 0), face('b', 180), face('a', 60), face('b', 120)]),
    );

    expect(genuine.total).toBe(2);
    expect(impostor.total).toBe(4);
    expect(genuine.nearer(0.99)).toBe(0);
    expect(genuine.nearer(1.01)).toBe(2);
    expect(impostor.nearer(1.01)).toBe(1);
  });

  it('are none when there is one face, or none', () => {
    expect(pairDistances(labelledFaces([face('a', 0)])).genuine.total).toBe(0);
    expect(pairDistances(labelledFaces([])).impostor.total).toBe(0);
  });
});

describe('one-shot identification', () => {
  it('finds the person whose one enrolled face is nearest', () => {
    const people = labelledFaces([face('a', 0), face('a', 10), face('b', 90), face('b', 100)]);

    const result = identifyOneShot(people, 0.01);

    expect(result).toMatchObject({ enrolled: 2, searches: 2, rankOneRate: 1, trueIdentificationRate: 1 });
  });

  it('counts a search that a stranger wins as missed', () => {
    const people = labelledFaces([face('a', 0), face('a', 80), face('b', 90), face('b', 95)]);

    expect(identifyOneShot(people, 0.01).rankOneRate).toBe(0.5);
  });

  it('names nobody beyond the distance at which strangers are taken for somebody', () => {
    const people = labelledFaces([face('a', 0), face('a', 40), face('b', 90), face('b', 91), face('c', 120)]);

    const strict = identifyOneShot(people, 0);
    const lax = identifyOneShot(people, 1);

    expect(strict.rankOneRate).toBe(1);
    expect(strict.trueIdentificationRate).toBe(0.5);
    expect(lax.trueIdentificationRate).toBe(1);
    expect(strict.distance).toBeLessThan(2 * Math.sin((29 / 2) * (Math.PI / 180)) + 1e-3);
  });
});
