import { deflateSync, inflateSync } from 'node:zlib';
import type { RgbImage } from '../vision/image.ts';
import { FacenetError } from './errors.ts';
import type { FaceMessage } from './messages.ts';

/** Packs a square crop for a message: deflated R G B bytes in base64. */
export function packCrop(crop: RgbImage): FaceMessage['crop'] {
  return { size: crop.width, pixels: deflateSync(crop.data).toString('base64') };
}

/**
 * Unpacks a crop from a message.
 * @throws FacenetError INVALID_MESSAGE when the pixels are not size × size × 3 bytes
 */
export function unpackCrop({ size, pixels }: FaceMessage['crop']): RgbImage {
  const expected = size * size * 3;
  const data = inflate(pixels, expected);
  if (data.length !== expected) {
    throw new FacenetError(
      'INVALID_MESSAGE',
      `Expected a crop of ${expected} bytes, received ${data.length}. The sender is of another version; deploy detect and embed together.`,
    );
  }
  return { width: size, height: size, data };
}

function inflate(pixels: string, limit: number): Uint8Array {
  try {
    return inflateSync(Buffer.from(pixels, 'base64'), { maxOutputLength: limit });
  } catch (cause) {
    throw new FacenetError(
      'INVALID_MESSAGE',
      'Expected a deflated crop in the message, received other bytes. Check who else sends to the faces queue.',
      { cause },
    );
  }
}
