import fc from 'fast-check';
import { expect, test } from 'vitest';
import { poolWindows, SummedRows } from '../../lib/vision/area-pool.ts';
import { noise, pooledValue, windowsOf } from './adaptive-pooling.ts';

test('windows are pooled adaptively into standardised planes, whatever their size and order', () => {
  const photos = noise(40).chain((photo) =>
    fc.record({ photo: fc.constant(photo), windows: fc.array(windowsOf(photo), { maxLength: 6 }) }),
  );
  fc.assert(
    fc.property(photos, fc.integer({ min: 1, max: 24 }), ({ photo, windows }, side) => {
      const out = new Float32Array(windows.length * 3 * side * side);

      poolWindows(photo, windows, side, out);

      let at = 0;
      let furthest = 0;
      for (const window of windows) {
        for (let channel = 0; channel < 3; channel++) {
          for (let row = 0; row < side; row++) {
            for (let column = 0; column < side; column++) {
              const expected = pooledValue(photo, window, [side, side], [channel, row, column]);
              furthest = Math.max(furthest, Math.abs(out[at++]! - expected));
            }
          }
        }
      }
      expect(furthest).toBeLessThan(1e-6);
    }),
  );
});

test('sums that leave 32 bits do no harm', () => {
  const side = 3000;
  const data = new Uint8Array(side * side * 3).fill(255);
  const out = new Float32Array(3 * 12 * 12);

  poolWindows({ width: side, height: side, data }, [{ left: 0, top: 0, width: side, height: side }], 12, out);

  expect(new Set(out)).toEqual(new Set([Math.fround(127.5 / 128)]));
});

test('white is 127.5 / 128 and black the same below zero', () => {
  const data = Uint8Array.from([255, 255, 255, 0, 0, 0]);
  const out = new Float32Array(12);

  poolWindows({ width: 2, height: 1, data }, [{ left: 0, top: 0, width: 2, height: 1 }], 2, out);

  expect([...out]).toEqual([1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1].map((sign) => (sign * 127.5) / 128));
});

test('a table in the memory that another photo has left is as good as new', () => {
  const photoOf = (width: number, height: number, colour: number) => {
    return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => (colour + i * i) & 255) };
  };
  const photo = photoOf(30, 20, 7);
  const window = { left: 0, top: 0, width: 30, height: 20 };
  const [expected, out] = [new Float32Array(3 * 12 * 12), new Float32Array(3 * 12 * 12)];
  poolWindows(photo, [window], 12, expected, new SummedRows(photo, window, 20));
  const left = SummedRows.whole(photoOf(50, 40, 1))!;
  left.advance(40);
  left.release();

  const whole = SummedRows.whole(photo)!;
  poolWindows(photo, [window], 12, out, whole);

  expect(whole.sums).toBe(left.sums);
  expect(out).toEqual(expected);
});
