import { describe, expect, it } from 'vitest';
import { DistanceHistogram } from '../../lib/vision/distance-histogram.ts';
import {
  bestThreshold,
  type JudgedPair,
  leaveOneFoldOutAccuracy,
  trueMatchRate,
} from '../../lib/vision/verification.ts';

const pair = (fold: string, same: boolean, distance: number): JudgedPair => ({ fold, same, distance });

describe('the best threshold', () => {
  it('lies in the middle between the distances that it parts', () => {
    expect(bestThreshold([pair('1', true, 0.5), pair('1', false, 0.9)])).toBeCloseTo(0.7);
  });

  it('does not part pairs at the same distance', () => {
    const pairs = [pair('1', true, 0.5), pair('1', true, 0.5), pair('1', false, 0.5), pair('1', false, 1)];
    expect(bestThreshold(pairs)).toBeCloseTo(0.75);
  });
});

describe('leave-one-fold-out accuracy', () => {
  it('judges each fold by the threshold of the others, never by its own', () => {
    const near = [pair('1', true, 0.2), pair('1', false, 0.4)];
    const far = [pair('2', true, 1.2), pair('2', false, 1.4)];

    expect(leaveOneFoldOutAccuracy([...near, ...far])).toEqual({ mean: 0.5, deviation: 0 });
  });

  it('takes a photo without a face for no match, whatever the threshold', () => {
    const pairs = ['1', '2'].flatMap((fold) => [
      pair(fold, true, 0.5),
      pair(fold, true, Number.POSITIVE_INFINITY),
      pair(fold, false, Number.POSITIVE_INFINITY),
      pair(fold, false, 1),
    ]);

    expect(leaveOneFoldOutAccuracy(pairs).mean).toBe(0.75);
  });

  it('needs two folds', () => {
    expect(() => leaveOneFoldOutAccuracy([pair('1', true, 1)])).toThrow(RangeError);
  });
});

describe('the true match rate', () => {
  it('is of the genuine pairs alone', () => {
    const pairs = [pair('1', true, 0.5), pair('1', true, 1.5), pair('1', false, 0.1)];
    expect(trueMatchRate(pairs, 1)).toBe(0.5);
    expect(trueMatchRate([pair('1', false, 0.1)], 1)).toBe(0);
  });
});

describe('a histogram of distances', () => {
  it('finds the distance to which no more than a part are nearer', () => {
    const histogram = new DistanceHistogram();
    for (let i = 1; i <= 1000; i++) histogram.add(i / 1000 + 0.00005);

    const distance = histogram.distanceAt(0.01);

    expect(distance).toBeCloseTo(0.011, 4);
    expect(histogram.nearer(distance)).toBe(10);
    expect(histogram.total).toBe(1000);
  });
});
