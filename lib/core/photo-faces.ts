import { cropFace } from '../vision/align.ts';
import { assessFace, type FaceQuality } from '../vision/face-quality.ts';
import { type DetectedFace, largestFace } from '../vision/geometry.ts';
import { photoSize, type RgbImage } from '../vision/image.ts';
import { ImageRejectedError, RequestError } from './errors.ts';
import type { FaceDetector, FaceEmbedder, ImageDecoder, ImageStore } from './ports.ts';
import type { ImageSource } from './records.ts';

export interface PhotoPorts {
  readonly store: Pick<ImageStore, 'read'>;
  readonly decoder: ImageDecoder;
  readonly detector: FaceDetector;
  readonly embedder: FaceEmbedder;
}

/** A photo that somebody asks about: its bytes, or where it lies in the bucket. */
export type PhotoInput = { readonly bytes: Uint8Array } | ImageSource;

/** A face, and what its pixels are good for. */
export type AssessedFace = DetectedFace & { readonly quality: FaceQuality };

/** A photo with its faces, the largest first. */
export interface PhotoFaces {
  readonly photo: RgbImage;
  readonly faces: readonly AssessedFace[];
}

/** The face of a photo that was used, and its unit vector. */
export interface UsedFace {
  readonly face: AssessedFace;
  readonly width: number;
  readonly height: number;
  /** How many faces the photo has; of several, the largest is used. */
  readonly facesInPhoto: number;
  readonly embedding: Float32Array;
}

/**
 * Finds the faces in a photo.
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when it cannot be decoded
 */
export async function findFaces(ports: Omit<PhotoPorts, 'embedder'>, input: PhotoInput): Promise<PhotoFaces> {
  const photo = await ports.decoder.decode(await bytesOf(ports.store, input));
  const faces = await ports.detector.detect(photo);
  return { photo, faces: faces.map((face) => ({ ...face, quality: assessFace(photo, face) })) };
}

/**
 * Finds the largest face in each photo and embeds them all in one inference.
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when a photo cannot be decoded, or NO_FACE
 */
export async function embedLargestFaces(ports: PhotoPorts, inputs: readonly PhotoInput[]): Promise<UsedFace[]> {
  const found: { photo: RgbImage; face: AssessedFace; facesInPhoto: number }[] = [];
  for (const [i, input] of inputs.entries()) {
    const { photo, faces } = await findFaces(ports, input);
    const face = largestFace(faces);
    if (!face) {
      const which = inputs.length > 1 ? `photo ${i + 1} of ${inputs.length}` : 'the photo';
      throw new ImageRejectedError(
        'NO_FACE',
        `Expected a face in ${which}, found none. Use one in which the face is visible and at least 20 pixels wide.`,
      );
    }
    found.push({ photo, face, facesInPhoto: faces.length });
  }
  const embeddings = await ports.embedder.embed(
    found.map(({ photo, face }) => cropFace(photo, face, ports.embedder.card.crop)),
  );
  return found.map(({ photo, face, facesInPhoto }, i) => ({
    face,
    ...photoSize(photo),
    facesInPhoto,
    embedding: embeddings[i]!,
  }));
}

async function bytesOf(store: Pick<ImageStore, 'read'>, input: PhotoInput): Promise<Uint8Array> {
  if ('bytes' in input) return input.bytes;
  const object = await store.read(input);
  if (object) return object.bytes;
  throw photoNotFound(input.key);
}

/** That nothing is known of a photo. */
export function photoNotFound(key: string): RequestError {
  return new RequestError(
    'PHOTO_NOT_FOUND',
    `Expected a photo in the bucket under "${key}", found none. List the bucket to see its keys.`,
  );
}
