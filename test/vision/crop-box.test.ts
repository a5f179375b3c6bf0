import { describe, expect, it } from 'vitest';
import { cropFace } from '../../lib/vision/align.ts';
import type { RgbImage } from '../../lib/vision/image.ts';

const landmarks = { leftEye: [0, 0], rightEye: [0, 0], nose: [0, 0], mouthLeft: [0, 0], mouthRight: [0, 0] } as const;

describe('a crop by the box', () => {
  it('of its own size is the photo under it', () => {
    const { data } = crop(ramp(40, 30), [10, 6, 8, 8], 8);
    expect(pixel(data, 8, 0, 0)).toEqual([10, 6, 0]);
    expect(pixel(data, 8, 7, 7)).toEqual([17, 13, 0]);
  });

  it('is stretched to the square, each side by its own measure', () => {
    const { data } = crop(ramp(120, 120), [20, 10, 40, 80], 20);
    // Each pixel is the mean of the 2 × 4 that it covers, rounded half up.
    expect(pixel(data, 20, 0, 0)).toEqual([21, 12, 0]);
    expect(pixel(data, 20, 10, 10)).toEqual([41, 52, 0]);
  });

  it('grows by the margin around its centre', () => {
    expect(crop(ramp(100, 100), [30, 30, 20, 40], 8, 0.2).data).toEqual(crop(ramp(100, 100), [28, 26, 24, 48], 8).data);
  });

  it('is cut at the edges of the photo', () => {
    expect(crop(ramp(50, 50), [-10, 30, 30, 30], 10).data).toEqual(crop(ramp(50, 50), [0, 30, 20, 20], 10).data);
  });
});

describe('a crop by the box of a head that lies', () => {
  const photo = ramp(40, 30);
  const upright = crop(photo, [10, 6, 8, 8], 8).data;

  it.each([
    ['on its left side', { eyes: [10, 10], mouth: [18, 10] }, [0, 7], [0, 0]],
    ['on its right side', { eyes: [18, 10], mouth: [10, 10] }, [7, 0], [7, 7]],
    ['on its top', { eyes: [14, 14], mouth: [14, 6] }, [7, 7], [0, 7]],
  ] as const)('%s has the head up', (_, { eyes, mouth }, leftUpper, rightUpper) => {
    const points = { leftEye: eyes, rightEye: eyes, nose: eyes, mouthLeft: mouth, mouthRight: mouth };
    const face = { box: { left: 10, top: 6, width: 8, height: 8 }, landmarks: points };
    const { data } = cropFace(photo, face, { kind: 'box', size: 8, margin: 0 });

    expect(pixel(data, 8, 0, 0)).toEqual(pixel(upright, 8, leftUpper[0], leftUpper[1]));
    expect(pixel(data, 8, 7, 0)).toEqual(pixel(upright, 8, rightUpper[0], rightUpper[1]));
  });
});

describe('a crop from a photo that was decoded smaller', () => {
  it('is what it would be from the whole one', () => {
    const whole = ramp(120, 90);
    const half = { ...ramp(60, 45, 2), photo: { width: 120, height: 90 } };

    const [expected, data] = [whole, half].map((photo) => crop(photo, [20, 20, 60, 60], 20).data);

    const furthest = Math.max(...data!.map((value, i) => Math.abs(value - expected![i]!)));
    expect(furthest).toBeLessThanOrEqual(1);
  });
});

function crop(
  photo: RgbImage,
  [left, top, width, height]: readonly [number, number, number, number],
  size: number,
  margin = 0,
): RgbImage {
  return cropFace(photo, { box: { left, top, width, height }, landmarks }, { kind: 'box', size, margin });
}

/** Red is the column, green the row, of pixels that are `size` wide. */
function ramp(width: number, height: number, size = 1): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    data[i * 3] = size * (i % width);
    data[i * 3 + 1] = size * Math.floor(i / width);
  }
  return { width, height, data };
}

function pixel(data: Uint8Array, size: number, column: number, row: number): number[] {
  return [...data.subarray((row * size + column) * 3, (row * size + column) * 3 + 3)];
}
