import sharp, { type Metadata, type SharpOptions } from 'sharp';
import { ImageRejectedError } from '../core/errors.ts';
import type { ImageDecoder } from '../core/ports.ts';
import type { CropSpec } from '../vision/embedder-card.ts';
import type { RgbImage, Size } from '../vision/image.ts';
import { reductionFor, type SmallestFace } from '../vision/smallest-face.ts';
import { primariesOf, profileOf } from './code-points.ts';
import { heicToTiff } from './heic-decoder.ts';
import { brandsOf, formatOf, type ImageFormat } from './image-format.ts';
import { corruptImage, slowImage } from './image-rejections.ts';
import { imageTooLarge } from './image-too-large.ts';
import { tiffHead } from './tiff-head.ts';

export interface DecoderLimits extends Partial<SmallestFace> {
  /** Bytes of a file. */
  readonly maxImageBytes: number;
  /** Pixels, as the file's header tells them. */
  readonly maxPixels: number;
  /** Whole seconds that decoding may take. @default 20, a third of the shortest time-out that a function with models should have */
  readonly timeoutSeconds?: number;
  /** What faces are cut out for. A JPEG is then decoded no larger than the smallest wanted face needs for it; in full where it is absent. */
  readonly crop?: CropSpec;
}

/** Pixels on the shorter side: the window of MTCNN's first net (Zhang et al. 2016), below which no face can be found. */
const smallestSide = 12;

const photoFormats = 'a JPEG, PNG, HEIC, WebP, AVIF, TIFF or GIF';

/**
 * Decodes photos with sharp, HEIC by way of libheif. What is wrong with a file is told by the step that fails on it, never by what the failure says: its size,
 * its signature, its header, its pixels. Where only large faces are wanted (`minFace`, `minFacePart`), for a `crop`, a JPEG is decoded smaller than it is.
 */
export function createSharpDecoder({
  maxImageBytes,
  maxPixels,
  timeoutSeconds = 20,
  minFace = 0,
  minFacePart = 0,
  crop,
}: DecoderLimits): ImageDecoder {
  return {
    async decode(bytes) {
      const format = checkFile(bytes, maxImageBytes);
      const check = (header: Size) => checkSize(header, maxPixels);
      const readable = format === 'HEIC' ? await heicToTiff(bytes, { timeoutSeconds, check }) : asStill(bytes, format);
      const header = await readHeader(readable);
      check(header);
      const reduction =
        crop && header.format === 'jpeg' ? reductionFor(header.autoOrient, { minFace, minFacePart }, crop) : 1;
      const photo = await readPixels(readable, header, { timeoutSeconds, reduction });
      const icc = format === 'AVIF' && !header.icc ? await profileOf(primariesOf(bytes)) : undefined;
      return icc ? inSrgb(photo, icc, timeoutSeconds) : photo;
    },
  };
}

/**
 * `failOn` error refuses files that lost their tail, which libjpeg would fill up with grey, and lets mere warnings pass, such as stray bytes between
 * segments. Only the first frame is read. The size has been checked when pixels are asked for, hence no other limit on it.
 */
const options: SharpOptions = { failOn: 'error', animated: false, limitInputPixels: false };

function checkFile(bytes: Uint8Array, maxImageBytes: number): ImageFormat {
  if (bytes.length === 0) {
    throw new ImageRejectedError('EMPTY_IMAGE', `Expected ${photoFormats}, received 0 bytes. Upload the photo again.`);
  }
  if (bytes.length > maxImageBytes) throw imageTooLarge(maxImageBytes, bytes.length);
  const format = formatOf(bytes);
  if (format === 'other') {
    throw new ImageRejectedError(
      'UNSUPPORTED_IMAGE_FORMAT',
      `Expected ${photoFormats}, received a file that by its content is none of them, or is the raw file of a camera. Convert it to JPEG or PNG.`,
    );
  }
  return format;
}

/** libvips goes by the first brand of an AVIF, and does not know the one of a sequence, in which the first picture stands as in any other. */
function asStill(bytes: Uint8Array, format: ImageFormat): Uint8Array {
  if (format !== 'AVIF' || brandsOf(bytes)[0] !== 'avis') return bytes;
  const still = Buffer.from(bytes);
  still.write('avif', 8, 'latin1');
  return still;
}

async function readHeader(bytes: Uint8Array): Promise<Metadata> {
  try {
    return await sharp(bytes, options).metadata();
  } catch (cause) {
    throw corruptImage('header', cause);
  }
}

function checkSize({ width, height }: Size, maxPixels: number): void {
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

/** Sees pixels by a profile that their file did not bring. */
async function inSrgb({ width, height, data }: RgbImage, icc: Uint8Array, timeoutSeconds: number): Promise<RgbImage> {
  const tiff = Buffer.concat([tiffHead({ width, height, channels: 3, icc }), data]);
  return readPixels(tiff, await readHeader(tiff), { timeoutSeconds, reduction: 1 });
}

async function readPixels(
  bytes: Uint8Array,
  header: Metadata,
  { timeoutSeconds, reduction }: { readonly timeoutSeconds: number; readonly reduction: number },
): Promise<RgbImage> {
  const start = performance.now();
  const photo = header.autoOrient;
  const smaller = { width: Math.floor(photo.width / reduction), height: Math.floor(photo.height / reduction) };
  try {
    const { data, info } = await sharp(bytes, options)
      .timeout({ seconds: timeoutSeconds })
      .autoOrient()
      .resize(reduction > 1 ? { ...smaller, fit: 'fill' } : {})
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data, ...(reduction > 1 && { photo }) };
  } catch (cause) {
    // sharp gives a time-out no code of its own; whatever fails after that time is one.
    const isLate = performance.now() - start >= timeoutSeconds * 1000;
    throw isLate ? slowImage(timeoutSeconds, header, cause) : corruptImage('pixels', cause);
  }
}
