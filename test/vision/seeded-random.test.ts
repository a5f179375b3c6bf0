import { expect, it } from 'vitest';
import { seededRandom, shuffled } from '../../lib/vision/seeded-random.ts';

it('is mulberry32: what benches, tests and trainings were seeded with stays the same', () => {
  const random = seededRandom(0);
  expect([random(), random(), random()]).toEqual([0.26642920868471265, 0.0003297457005828619, 0.2232720274478197]);
});

it('shuffles a copy, in the same order for the same seed', () => {
  const list = Array.from({ length: 100 }, (_, i) => i);
  const once = shuffled(list, seededRandom(1));
  expect(once).not.toEqual(list);
  expect(once.toSorted((a, b) => a - b)).toEqual(list);
  expect(shuffled(list, seededRandom(1))).toEqual(once);
  expect(shuffled(list, seededRandom(2))).not.toEqual(once);
});
