import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RgbImage } from '../../lib/vision/image.ts';
import { AreaResampler, type Window } from '../../lib/vision/resize.ts';

/** One value of PyTorch's adaptive average pooling, written as its definition reads. */
function pooled(
  image: RgbImage,
  window: Window,
  size: readonly [rows: number, columns: number],
  at: readonly [channel: number, row: number, column: number],
): number {
  const [rows, columns] = size;
  const [channel, row, column] = at;
  let sum = 0;
  let count = 0;
  for (let y = Math.floor((row * window.height) / rows); y < Math.ceil(((row + 1) * window.height) / rows); y++) {
    for (
      let x = Math.floor((column * window.width) / columns);
      x < Math.ceil(((column + 1) * window.width) / columns);
      x++
    ) {
      sum += image.data[((window.top + y) * image.width + window.left + x) * 3 + channel]!;
      count++;
    }
  }
  return (sum / count - 127.5) / 128;
}

const images = fc
  .record({ width: fc.integer({ min: 1, max: 40 }), height: fc.integer({ min: 1, max: 40 }) })
  .chain(({ width, height }) =>
    fc.record({
      image: fc
        .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
        .map((data): RgbImage => ({ width, height, data })),
      window: fc
        .record({
          left: fc.integer({ min: 0, max: width - 1 }),
          top: fc.integer({ min: 0, max: height - 1 }),
          right: fc.integer({ min: 1, max: width }),
          bottom: fc.integer({ min: 1, max: height }),
        })
        .filter(({ left, top, right, bottom }) => right > left && bottom > top)
        .map(({ left, top, right, bottom }): Window => ({ left, top, width: right - left, height: bottom - top })),
    }),
  );

test('a window is pooled adaptively into standardised planes, smaller and larger than it', () => {
  const resampler = new AreaResampler();
  const side = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(images, side, side, ({ image, window }, rows, columns) => {
      const out = new Float32Array(3 * rows * columns + 2).fill(7);

      resampler.resample(image, window, out, 1, rows, columns);

      expect([out[0], out[out.length - 1]]).toEqual([7, 7]);
      let at = 1;
      for (let channel = 0; channel < 3; channel++) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            expect(out[at++]).toBeCloseTo(pooled(image, window, [rows, columns], [channel, row, column]), 6);
          }
        }
      }
    }),
  );
});

test('white is 127.5 / 128 and black the same below zero', () => {
  const data = Uint8Array.from([255, 255, 255, 0, 0, 0]);
  const out = new Float32Array(6);

  new AreaResampler().resample({ width: 2, height: 1, data }, { left: 0, top: 0, width: 2, height: 1 }, out, 0, 1, 2);

  expect([...out]).toEqual([1, -1, 1, -1, 1, -1].map((sign) => (sign * 127.5) / 128));
});
