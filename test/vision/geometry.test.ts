import { describe, expect, it } from 'vitest';
import { intersectionOverUnion, largestFace, mostCentralFace } from '../../lib/vision/geometry.ts';

const face = (left: number, top: number, side: number) => ({ box: { left, top, width: side, height: side } });

describe('of several faces in a photo', () => {
  const central = face(80, 80, 40);
  const large = face(0, 0, 70);

  it('the largest is the one with the largest box, of equals the first', () => {
    expect(largestFace([central, large])).toBe(large);
    const twin = face(100, 0, 70);
    expect(largestFace([twin, large])).toBe(twin);
    expect(largestFace([])).toBeUndefined();
  });

  it('the most central is the one whose middle is nearest to the photo’s, however small', () => {
    const photo = { width: 200, height: 200 };
    expect(mostCentralFace([large, central], photo)).toBe(central);
    expect(mostCentralFace([large, central], { width: 60, height: 60 })).toBe(large);
    expect(mostCentralFace([], photo)).toBeUndefined();
  });
});

describe('the intersection over union', () => {
  it.each([
    ['the same boxes', face(0, 0, 10), 1],
    ['boxes apart', face(20, 0, 10), 0],
    ['boxes that touch', face(10, 0, 10), 0],
    ['boxes that share a half', face(5, 0, 10), 1 / 3],
  ])('is right for %s', (_, other, expected) => {
    expect(intersectionOverUnion(face(0, 0, 10).box, other.box)).toBeCloseTo(expected);
  });
});
