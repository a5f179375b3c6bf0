import { describe, expect, it } from 'vitest';
import {
  identifyOneShot,
  labelledFaces,
  namingsOneShot,
  pairCounts,
  pairDistances,
} from '../../lib/vision/labelled-faces.ts';

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

  it('are as many as can be counted without them', () => {
    const faces = [face('a', 0), face('b', 180), face('a', 60), face('b', 120), face('c', 5), face('a', 7)];
    const { genuine, impostor } = pairDistances(labelledFaces(faces));
    expect(pairCounts(faces.map(({ person }) => person))).toEqual({ genuine: 4, impostor: 11 });
    expect([genuine.total, impostor.total]).toEqual([4, 11]);
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

describe('whom one-shot searches name', () => {
  const people = [face('a', 0), face('a', 4), face('b', 10), face('b', 3), face('c', 90), face('c', 88)];
  const threshold = 2 * Math.sin((30 / 2) * (Math.PI / 180));

  it('is told with those who are farther by no more than the margin', () => {
    // a at 4° is 0.035 nearer to herself than to b; b at 3° is 0.070 nearer to a than to himself.
    const narrow = namingsOneShot(labelledFaces(people), { threshold, margin: 0.06 });
    const wide = namingsOneShot(labelledFaces(people), { threshold, margin: 0.1 });

    expect(narrow).toMatchObject({ right: { named: 2, ambiguous: 1 }, wrong: { named: 1, ambiguous: 0 } });
    expect(wide).toMatchObject({ right: { named: 2, ambiguous: 1 }, wrong: { named: 1, ambiguous: 1 } });
  });

  it('is nobody beyond the threshold, neither first nor beside', () => {
    const { strangers, right } = namingsOneShot(labelledFaces([...people, face('d', 17)]), { threshold, margin: 0.1 });

    // Without d enrolled, her face at 17° names b at 10°; a at 0° is too far behind. Without c, nobody is near.
    expect(strangers.named).toBe(5);
    expect(right).toEqual({ named: 2, ambiguous: 1 });
    expect(namingsOneShot(labelledFaces(people), { threshold: 0.05, margin: 2 }).right).toEqual({
      named: 1,
      ambiguous: 0,
    });
  });
});
