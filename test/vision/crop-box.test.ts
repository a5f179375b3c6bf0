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

function crop(
  photo: RgbImage,
  [left, top, width, height]: readonly [number, number, number, number],
  size: number,
  margin = 0,
): RgbImage {
  return cropFace(photo, { box: { left, top, width, height }, landmarks }, { kind: 'box', size, margin });
}

/** Red is the column, green the row. */
function ramp(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    data[i * 3] = i % width;
    data[i * 3 + 1] = Math.floor(i / width);
  }
  return { width, height, data };
}

function pixel(data: Uint8Array, size: number, column: number, row: number): number[] {
  return [...data.subarray((row * size + column) * 3, (row * size + column) * 3 + 3)];
}
