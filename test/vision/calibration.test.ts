import { describe, expect, it } from 'vitest';
import { calibrate } from '../../lib/vision/calibration.ts';
import { DistanceHistogram } from '../../lib/vision/distance-histogram.ts';
import { fitFalseMatchTail, tailDistanceAt, tailRateAt } from '../../lib/vision/false-match-tail.ts';

/** Distances of which the part F is nearer than 1.4 + 0.05 · ln F: an exponential tail, whose far quantiles are known. */
function strangers(count: number): DistanceHistogram {
  const histogram = new DistanceHistogram();
  for (let i = 0; i < count; i++) histogram.add(quantile((i + 0.5) / count));
  return histogram;
}

function quantile(rate: number): number {
  return Math.max(0, 1.4 + 0.05 * Math.log(rate));
}

function acquaintances(): DistanceHistogram {
  const histogram = new DistanceHistogram();
  for (let i = 0; i < 1000; i++) histogram.add(0.4 + i / 1000);
  return histogram;
}

describe('the tail of the false matches', () => {
  it('continues beyond what was counted', () => {
    const tail = fitFalseMatchTail(strangers(100_000), 1e-2);

    expect(tail.shape).toBeCloseTo(0, 1);
    expect(tail.scale).toBeCloseTo(0.05, 2);
    for (const rate of [1e-3, 1e-4, 1e-5, 1e-6]) {
      expect(Math.abs(tailDistanceAt(tail, rate) - quantile(rate))).toBeLessThan(0.015);
    }
  });

  it('begins where it was fitted from', () => {
    const tail = fitFalseMatchTail(strangers(100_000), 1e-2);
    expect(tailDistanceAt(tail, 1e-2)).toBe(tail.distance);
    expect(tailRateAt(tail, tail.distance)).toBe(1e-2);
  });

  it('tells the rate of a distance as it tells the distance of a rate', () => {
    const tail = fitFalseMatchTail(strangers(100_000), 1e-2);
    expect(tailRateAt(tail, tailDistanceAt(tail, 1e-5))).toBeCloseTo(1e-5, 8);
  });

  it('is moved less by a few mislabelled pairs than the count is', () => {
    const dirty = strangers(100_000);
    for (let i = 0; i < 3; i++) dirty.add(0.3);

    const clean = tailDistanceAt(fitFalseMatchTail(strangers(100_000), 1e-2), 1e-5);

    expect(Math.abs(tailDistanceAt(fitFalseMatchTail(dirty, 1e-2), 1e-5) - clean)).toBeLessThan(0.1);
    expect(dirty.distanceAt(1e-5)).toBeLessThan(clean - 0.4);
  });
});

describe('a calibration', () => {
  it('counts rates where pairs are many, and fits the tail where they are few', () => {
    const { operatingPoints, fitted } = calibrate(acquaintances(), strangers(1_000_000));

    expect(operatingPoints.map(({ falseMatchRate }) => falseMatchRate)).toEqual([1e-2, 1e-3, 1e-4, 1e-5]);
    expect(fitted).toEqual([1e-5]);
    for (const { falseMatchRate, distance } of operatingPoints) {
      expect(Math.abs(distance - quantile(falseMatchRate))).toBeLessThan(0.01);
    }
  });

  it('says how many genuine pairs pass', () => {
    const [{ distance, trueMatchRate }] = calibrate(acquaintances(), strangers(1_000_000)).operatingPoints;
    expect(trueMatchRate).toBeCloseTo(distance - 0.4, 2);
  });

  it('gives 80 to one false match in a thousand and 99 to one in a hundred thousand', () => {
    const { operatingPoints, similarity } = calibrate(acquaintances(), strangers(1_000_000));

    const at = (wanted: number) => similarity.find((knot) => knot.similarity === wanted)?.distance;

    expect(at(80)).toBe(operatingPoints[1].distance);
    expect(at(99)).toBe(operatingPoints[3].distance);
    const distances = similarity.map(({ distance }) => distance);
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
  });

  it('is refused when strangers are too few', () => {
    expect(() => calibrate(acquaintances(), strangers(9_999))).toThrow(/10000 pairs/);
    expect(() => calibrate(new DistanceHistogram(), strangers(20_000))).toThrow(RangeError);
  });
});
