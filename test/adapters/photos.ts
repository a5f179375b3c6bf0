import fc from 'fast-check';
import { expect } from 'vitest';
import { ImageRejectedError } from '../../lib/core/errors.ts';
import type { ImageDecoder } from '../../lib/core/ports.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { quarterColours } from './odd-images.ts';

/** The colours in the middle of the four quarters, row by row. */
export function quartersOf({ width, height, data }: RgbImage): number[][] {
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x) => {
      const at = (Math.floor(y * height) * width + Math.floor(x * width)) * 3;
      return [...data.subarray(at, at + 3)];
    }),
  );
}

/** The photo is the picture of `quarters`; the tolerance is for the furthest channel. */
export function expectQuarters(photo: RgbImage, tolerance: number, size = { width: 48, height: 32 }): void {
  expect(photo).toMatchObject(size);
  expect(photo.data).toHaveLength(size.width * size.height * 3);
  for (const [i, colour] of quartersOf(photo).entries()) expectColour(colour, quarterColours[i]!, tolerance);
}

export function expectColour(received: readonly number[], expected: readonly number[], tolerance: number): void {
  const furthest = Math.max(...expected.map((value, channel) => Math.abs(value - received[channel]!)));
  expect(furthest, `${received} for ${expected}`).toBeLessThanOrEqual(tolerance);
}

export async function expectRejected(decoder: ImageDecoder, bytes: Uint8Array, code: string): Promise<void> {
  const decoding = decoder.decode(bytes);
  await expect(decoding).rejects.toThrow(ImageRejectedError);
  await expect(decoding).rejects.toMatchObject({ code });
}

/** However a few of its bytes are changed, a file is decoded or rejected, and nothing else happens. */
export async function expectRejectedOrDecoded(
  decoder: ImageDecoder,
  bytes: Uint8Array,
  numRuns: number,
): Promise<void> {
  const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(damage, async (places) => {
      const damaged = Buffer.from(bytes);
      for (const [at, value] of places) damaged[at] = value;
      const outcome = await decoder.decode(damaged).catch((error: unknown) => error);
      expect('data' in (outcome as object) || outcome instanceof ImageRejectedError).toBe(true);
    }),
    { numRuns },
  );
}
