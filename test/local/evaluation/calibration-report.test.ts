import { describe, expect, it } from 'vitest';
import { toUnitLength } from '../../../lib/vision/distance.ts';
import { reportCalibration } from '../../../local/evaluation/calibration-report.ts';

/** Numbers in 0..1, the same every time (Park and Miller 1988). */
function* seeded(seed = 7): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 48_271) % 2_147_483_647;
    yield state / 2_147_483_647;
  }
}

/** Faces of people whose own faces lie near one another. */
function faces(people: number, each: number) {
  const random = seeded();
  const around = () => Float32Array.from({ length: 32 }, () => random.next().value - 0.5);
  return Array.from({ length: people }, (_, person) => {
    const centre = around();
    return Array.from({ length: each }, () => {
      const noise = around();
      return { person: `p${person}`, embedding: toUnitLength(centre.map((value, i) => value + 0.3 * noise[i])) };
    });
  }).flat();
}

describe('a report of a calibration', () => {
  it('tells what each threshold lets through, and what it was made of', () => {
    const { report } = reportCalibration('model', faces(100, 2));

    expect(report).toMatchObject({
      embedder: 'model',
      people: 100,
      faces: 200,
      genuinePairs: 100,
      impostorPairs: 19_800,
    });
    const eighty = report.table.find(({ similarity }) => similarity === 80);
    expect(eighty?.falseMatchRate).toBeCloseTo(1e-3, 4);
    expect(eighty?.trueMatchRate).toBe(1);
    const rates = report.table.map(({ falseMatchRate }) => falseMatchRate);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
  });

  it('says which rates are fitted', () => {
    expect(reportCalibration('model', faces(100, 2)).report.fitted).toEqual([1e-3, 1e-4, 1e-5]);
    expect(reportCalibration('model', faces(250, 2)).report.fitted).toEqual([1e-4, 1e-5]);
  });

  it('draws the curves', () => {
    const { picture } = reportCalibration('model', faces(100, 2));

    expect(picture).toMatch(/^<svg /);
    expect(picture).toMatch(/similarity 80: \d/);
    expect(picture).not.toMatch(/NaN|Infinity/);
  });

  it('is refused when photos are too few', () => {
    expect(() => reportCalibration('model', faces(20, 2))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });
});
