import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { ImageRejectedError } from '../core/errors.ts';
import type { ImageDecoder } from '../core/ports.ts';
import type { RgbImage } from '../vision/image.ts';
import { formatOf } from './image-format.ts';
import { imageTooLarge } from './image-too-large.ts';

export interface DecoderLimits {
  /** Bytes of a file. */
  readonly maxImageBytes: number;
  /** Pixels, as the file's header tells them. */
  readonly maxPixels: number;
  /** Whole seconds that decoding may take. @default 20, a third of the shortest time-out that a function with models should have */
  readonly timeoutSeconds?: number;
}

/** Pixels on the shorter side: the window of MTCNN's first net (Zhang et al. 2016), below which no face can be found. */
const smallestSide = 12;

const photoFormats = 'a JPEG, PNG, WebP, AVIF, TIFF or GIF';

/**
 * Decodes photos with sharp. What is wrong with a file is told by the step that fails on it, never by what the failure says: its size, its signature,
 * its header, its pixels.
 */
export function createSharpDecoder({ maxImageBytes, maxPixels, timeoutSeconds = 20 }: DecoderLimits): ImageDecoder {
  return {
    async decode(bytes) {
      checkFile(bytes, maxImageBytes);
      const header = await readHeader(bytes);
      checkHeader(header, maxPixels);
      return readPixels(bytes, header, timeoutSeconds);
    },
  };
}

/**
 * `failOn` error refuses files that lost their tail, which libjpeg would fill up with grey, and lets mere warnings pass, such as stray bytes between
 * segments. Only the first frame is read. The size has been checked when pixels are asked for, hence no other limit on it.
 */
const options: SharpOptions = { failOn: 'error', animated: false, limitInputPixels: false };

function checkFile(bytes: Uint8Array, maxImageBytes: number): void {
  if (bytes.length === 0) {
    throw new ImageRejectedError('EMPTY_IMAGE', `Expected ${photoFormats}, received 0 bytes. Upload the photo again.`);
  }
  if (bytes.length > maxImageBytes) throw imageTooLarge(maxImageBytes, bytes.length);
  const format = formatOf(bytes);
  if (format === 'HEIC') {
    throw new ImageRejectedError(
      'UNSUPPORTED_IMAGE_FORMAT',
      `Expected ${photoFormats}, received a HEIC. Convert it to JPEG; on an iPhone, Settings → Camera → Formats → Most Compatible makes JPEGs.`,
    );
  }
  if (format === 'other') {
    throw new ImageRejectedError(
      'UNSUPPORTED_IMAGE_FORMAT',
      `Expected ${photoFormats}, received a file that is none of them by its content. Convert it to JPEG or PNG.`,
    );
  }
}

async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  try {
    return await sharp(bytes, options).metadata();
  } catch (cause) {
    throw corrupt('header', cause);
  }
}

function checkHeader({ width, height }: Metadata, maxPixels: number): void {
  if (width * height > maxPixels) {
    throw new ImageRejectedError(
      'TOO_MANY_PIXELS',
      `Expected at most ${maxPixels} pixels, received ${width} × ${height}. Use a smaller copy of the photo.`,
    );
  }
  if (Math.min(width, height) < smallestSide) {
    throw new ImageRejectedError(
      'IMAGE_TOO_SMALL',
      `Expected at least ${smallestSide} pixels on each side, the smallest window in which a face is looked for, received ${width} × ${height}. Use a larger photo.`,
    );
  }
}

async function readPixels(bytes: Uint8Array, header: Metadata, timeoutSeconds: number): Promise<RgbImage> {
  const start = performance.now();
  try {
    const { data, info } = await sharp(bytes, options)
      .timeout({ seconds: timeoutSeconds })
      .autoOrient()
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  } catch (cause) {
    // sharp gives a time-out no code of its own; whatever fails after that time is one.
    if (performance.now() - start < timeoutSeconds * 1000) throw corrupt('pixels', cause);
    throw new ImageRejectedError(
      'IMAGE_TOO_SLOW',
      `Expected a photo that decodes in ${timeoutSeconds} s, received one of ${header.width} × ${header.height} that takes longer. Use a smaller copy, or save it as a plain JPEG.`,
      { cause },
    );
  }
}

function corrupt(what: string, cause: unknown): ImageRejectedError {
  return new ImageRejectedError(
    'CORRUPT_IMAGE',
    `Expected a whole photo, received one whose ${what} cannot be read. It may have been cut off on its way; upload it again.`,
    { cause },
  );
}
