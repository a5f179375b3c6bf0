import fc from 'fast-check';
import type { RgbImage, Window } from '../../lib/vision/image.ts';

/** One value of PyTorch's adaptive average pooling, standardised, written as its definition reads. */
export function pooledValue(
  image: RgbImage,
  window: Window,
  [rows, columns]: readonly [rows: number, columns: number],
  [channel, row, column]: readonly [channel: number, row: number, column: number],
): number {
  let sum = 0;
  let count = 0;
  for (let y = Math.floor((row * window.height) / rows); y < Math.ceil(((row + 1) * window.height) / rows); y++) {
    const [first, end] = [(column * window.width) / columns, ((column + 1) * window.width) / columns];
    for (let x = Math.floor(first); x < Math.ceil(end); x++) {
      sum += image.data[((window.top + y) * image.width + window.left + x) * 3 + channel]!;
      count++;
    }
  }
  return (sum / count - 127.5) / 128;
}

/** Images of noise, up to a size. */
export function noise(mostSide: number, leastSide = 1): fc.Arbitrary<RgbImage> {
  const side = fc.integer({ min: leastSide, max: mostSide });
  return fc
    .record({ width: side, height: side })
    .chain(({ width, height }) =>
      fc
        .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
        .map((data) => ({ width, height, data })),
    );
}

/** Windows inside an image. */
export function windowsOf({ width, height }: RgbImage): fc.Arbitrary<Window> {
  return fc
    .record({ left: fc.integer({ min: 0, max: width - 1 }), top: fc.integer({ min: 0, max: height - 1 }) })
    .chain(({ left, top }) =>
      fc.record({
        left: fc.constant(left),
        top: fc.constant(top),
        width: fc.integer({ min: 1, max: width - left }),
        height: fc.integer({ min: 1, max: height - top }),
      }),
    );
}
