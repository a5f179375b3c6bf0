import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RgbImage, Window } from '../../lib/vision/image.ts';
import { pooledWindows } from '../../lib/vision/pooled-windows.ts';
import { noise, pooledValue, windowsOf } from './adaptive-pooling.ts';

/** All windows of a photo, one after the other. */
function pooled(photo: RgbImage, windows: readonly Window[], side: number, batch = windows.length): Float32Array {
  return Float32Array.from([...pooledWindows(photo, windows, side, batch)].flatMap((input) => [...input]));
}

test('windows are pooled adaptively into standardised planes, whatever their size and order', () => {
  const photos = noise(40).chain((photo) =>
    fc.record({ photo: fc.constant(photo), windows: fc.array(windowsOf(photo), { maxLength: 6 }) }),
  );
  fc.assert(
    fc.property(
      photos,
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 1, max: 6 }),
      ({ photo, windows }, side, batch) => {
        let at = 0;
        let furthest = 0;
        for (const input of pooledWindows(photo, windows, side, batch)) {
          const some = windows.slice(at, at + batch);
          expect(input).toHaveLength(some.length * 3 * side * side);
          for (let i = 0; i < input.length; i++) {
            const [channel, row, column] = [Math.floor(i / side / side) % 3, Math.floor(i / side) % side, i % side];
            const window = some[Math.floor(i / (3 * side * side))]!;
            const expected = pooledValue(photo, window, [side, side], [channel, row, column]);
            furthest = Math.max(furthest, Math.abs(input[i]! - expected));
          }
          at += some.length;
        }
        expect(at).toBe(windows.length);
        expect(furthest).toBeLessThan(1e-6);
      },
    ),
  );
});

test('sums that leave 32 bits do no harm', () => {
  const side = 3000;
  const data = new Uint8Array(side * side * 3).fill(255);
  const out = pooled({ width: side, height: side, data }, [{ left: 0, top: 0, width: side, height: side }], 12);

  expect(new Set(out)).toEqual(new Set([Math.fround(127.5 / 128)]));
});

test('white is 127.5 / 128 and black the same below zero', () => {
  const data = Uint8Array.from([255, 255, 255, 0, 0, 0]);
  const out = pooled({ width: 2, height: 1, data }, [{ left: 0, top: 0, width: 2, height: 1 }], 2);

  expect([...out]).toEqual([1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1].map((sign) => (sign * 127.5) / 128));
});

test('photos that are pooled at the same time, or one after the other in the same memory, do not meet', () => {
  const photoOf = (width: number, height: number, colour: number) => {
    return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (colour + i * i) & 255) };
  };
  const [photo, other] = [photoOf(30, 20, 7), photoOf(50, 40, 1)];
  const windows = [
    { left: 0, top: 0, width: 30, height: 20 },
    { left: 3, top: 2, width: 15, height: 15 },
  ];
  const expected = pooled(photo, windows, 12);

  const slow = pooledWindows(photo, windows, 12, 1);
  const first = slow.next().value.slice();
  pooled(other, windows, 24);
  const second = slow.next().value.slice();
  slow.return(undefined);

  expect([...first, ...second]).toEqual([...expected]);
  expect(pooled(photo, windows, 12)).toEqual(expected);
});
