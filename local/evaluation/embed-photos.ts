import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { statIfThere } from '../../lib/adapters/files.ts';
import { ImageRejectedError, RequestError } from '../../lib/core/errors.ts';
import type { ImageDecoder } from '../../lib/core/ports.ts';
import { cropFace } from '../../lib/vision/align.ts';
import { largestFace, mostCentralFace } from '../../lib/vision/geometry.ts';
import { photoSize, type RgbImage } from '../../lib/vision/image.ts';
import type { Vision } from '../vision.ts';

/** Which face of a photo the photo is of: `central` where it was cut around the person, as photos of benchmarks are; `largest` as enrolment takes it. */
const faceChoices = { central: mostCentralFace, largest: largestFace } as const;
export type FaceChoice = keyof typeof faceChoices;

export interface EmbedOptions {
  readonly choice: FaceChoice;
  readonly onPhoto: () => void;
  readonly onUnreadable?: (photo: string, error: ImageRejectedError) => void;
}

/** Crops that are embedded at once. */
const batch = 32;

/**
 * Embeds one face of each photo; `photos` are paths in `folder`. A photo without a face is not in the answer. `onPhoto` is called after each.
 * @param options.onUnreadable is told of a photo that cannot be decoded, which then is not in the answer either; without it that is an error
 * @throws RequestError PHOTO_NOT_FOUND before it begins, when photos are missing
 * @throws ImageRejectedError with the photo's name, when one cannot be decoded
 */
export async function embedPhotos(
  { decoder, detector, embedder }: Vision,
  folder: string,
  photos: readonly string[],
  { choice, onPhoto, onUnreadable = fail }: EmbedOptions,
): Promise<Map<string, Float32Array>> {
  await expectAll(folder, photos);
  const embeddings = new Map<string, Float32Array>();
  let waiting: { readonly photo: string; readonly crop: RgbImage }[] = [];
  const embedWaiting = async () => {
    const vectors = await embedder.embed(waiting.map(({ crop }) => crop));
    for (const [i, { photo }] of waiting.entries()) embeddings.set(photo, vectors[i]);
    waiting = [];
  };
  for (const photo of photos) {
    const image = await decode(decoder, join(folder, photo), (error) => onUnreadable(photo, error));
    const face = image && faceChoices[choice](await detector.detect(image), photoSize(image));
    if (face) waiting.push({ photo, crop: cropFace(image, face, embedder.card.crop) });
    if (waiting.length === batch) await embedWaiting();
    onPhoto();
  }
  await embedWaiting();
  return embeddings;
}

async function decode(
  decoder: ImageDecoder,
  path: string,
  onUnreadable: (error: ImageRejectedError) => void,
): Promise<RgbImage | undefined> {
  try {
    return await decoder.decode(await readFile(path));
  } catch (error) {
    if (!(error instanceof ImageRejectedError)) throw error;
    onUnreadable(error);
    return undefined;
  }
}

function fail(photo: string, { code, message, cause }: ImageRejectedError): never {
  throw new ImageRejectedError(code, `${photo}: ${message}`, { cause });
}

/** How many missing photos a message names. */
const namedAtMost = 3;

async function expectAll(folder: string, photos: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const photo of photos) if (!(await statIfThere(join(folder, photo)))?.isFile()) missing.push(photo);
  if (missing.length === 0) return;
  const named = missing.slice(0, namedAtMost).join(', ');
  throw new RequestError(
    'PHOTO_NOT_FOUND',
    `Expected ${photos.length} photos in ${folder}, found ${missing.length} of them missing: ${named}${missing.length > namedAtMost ? ', …' : ''}. Paths are relative to that folder.`,
  );
}
