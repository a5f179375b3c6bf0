import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { profileOf } from './code-points.ts';
import { corruptImage, slowImage } from './image-rejections.ts';
import { tiffHead } from './tiff-head.ts';

/** What a HEIC says of its picture. */
export interface HeicHeader {
  /** Pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** Four with alpha. */
  readonly channels: 3 | 4;
  /** The ICC profile of its colours. */
  readonly icc: Uint8Array | undefined;
  /** The code point of its primaries, of a file without a profile (ITU-T H.273, table 2). */
  readonly primaries: number | undefined;
}

export interface HeicOptions {
  /** Whole seconds that everything may take. */
  readonly timeoutSeconds: number;
  /** Looks at the size of the picture before it is decoded; what it throws ends the decoding. */
  readonly check: (size: Pick<HeicHeader, 'width' | 'height'>) => void;
}

/**
 * Turns a HEIC or HEIF into an uncompressed TIFF, colour profile and all, which sharp then reads like any other: sharp's own libheif has no HEVC, and refuses
 * the many tiles of an iPhone's photo before that. libheif for WebAssembly decodes in a thread of its own, which is started for each picture and ended after it:
 * WebAssembly's memory never shrinks, and nothing else stops a decoder that takes too long. The picture is the primary one, or the first of a sequence, turned
 * and cropped as the file says; the orientation in its EXIF has no say, as the standard wants it (ISO/IEC 23008-12, annex A).
 * @throws ImageRejectedError CORRUPT_IMAGE, IMAGE_TOO_SLOW; and what `check` throws
 */
export async function heicToTiff(bytes: Uint8Array, { timeoutSeconds, check }: HeicOptions): Promise<Uint8Array> {
  const worker = new Worker(new URL('./heic-worker.mjs', import.meta.url));
  // What is thrown when nobody waits for an answer any more is of no interest.
  worker.on('error', () => {});
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutSeconds * 1000);
  const answer = async (part: 'header' | 'pixels', size?: HeicHeader) => {
    try {
      return (await once(worker, 'message', { signal: late.signal }))[0];
    } catch (cause) {
      throw late.signal.aborted ? slowImage(timeoutSeconds, size, cause) : corruptImage(part, cause);
    }
  };
  try {
    // What fails before this is a broken installation, and no fault of the photo.
    await once(worker, 'message');
    const copy = new Uint8Array(bytes);
    worker.postMessage(copy, [copy.buffer]);
    const header: HeicHeader = await answer('header');
    check(header);
    worker.postMessage(tiffHead({ ...header, icc: header.icc ?? (await profileOf(header.primaries)) }));
    return await answer('pixels', header);
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
