import { cropFace } from '../vision/align.ts';
import { assessFace, type FaceQuality } from '../vision/face-quality.ts';
import type { BoundingBox, DetectedFace } from '../vision/geometry.ts';
import { photoSize, type RgbImage } from '../vision/image.ts';
import { noFaceAt, noFaceIn, photoNotFound } from './not-found.ts';
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

/** A photo, and which of its faces is meant. */
export interface ChosenPhoto {
  readonly photo: PhotoInput;
  /** The place of the face among all of the photo, the largest being 0. @default the largest that fits */
  readonly pick?: number | undefined;
  /** Which faces count. @default all */
  readonly fits?: ((face: AssessedFace) => boolean) | undefined;
}

/** The face of a photo that was used, and its unit vector. */
export interface UsedFace {
  readonly face: AssessedFace;
  /** Among all faces of the photo, the largest being 0. */
  readonly place: number;
  readonly width: number;
  readonly height: number;
  /** Where all faces of the photo are, the largest first. */
  readonly boxes: readonly BoundingBox[];
  readonly embedding: Float32Array;
}

/**
 * Finds the faces in a photo.
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when it cannot be decoded
 */
export async function findFaces(ports: Omit<PhotoPorts, 'embedder'>, input: PhotoInput): Promise<PhotoFaces> {
  const photo = await ports.decoder.decode(await readPhoto(ports.store, input));
  const faces = await ports.detector.detect(photo);
  return { photo, faces: faces.map((face) => ({ ...face, quality: assessFace(photo, face) })) };
}

/**
 * Finds the chosen face in each photo and embeds them all in one inference.
 * @throws RequestError PHOTO_NOT_FOUND, or FACE_NOT_FOUND when a photo has no face in the place that was picked
 * @throws ImageRejectedError when a photo cannot be decoded, or NO_FACE
 */
export async function embedChosenFaces(ports: PhotoPorts, inputs: readonly ChosenPhoto[]): Promise<UsedFace[]> {
  const found: { photo: RgbImage; faces: readonly AssessedFace[]; place: number }[] = [];
  for (const [i, input] of inputs.entries()) {
    const { photo, faces } = await findFaces(ports, input.photo);
    const which = inputs.length > 1 ? `photo ${i + 1} of ${inputs.length}` : 'the photo';
    found.push({ photo, faces, place: placeOf(faces, input, which) });
  }
  const embeddings = await ports.embedder.embed(
    found.map(({ photo, faces, place }) => cropFace(photo, faces[place]!, ports.embedder.card.crop)),
  );
  return found.map(({ photo, faces, place }, i) => ({
    face: faces[place]!,
    place,
    ...photoSize(photo),
    boxes: faces.map(({ box }) => box),
    embedding: embeddings[i]!,
  }));
}

function placeOf(faces: readonly AssessedFace[], { pick, fits = () => true }: ChosenPhoto, which: string): number {
  if (faces.length === 0) throw noFaceIn(which);
  if (pick !== undefined && !faces[pick]) throw noFaceAt(pick, which, faces.length);
  const place = faces.findIndex((face, i) => i === (pick ?? i) && fits(face));
  if (place < 0) throw noFaceIn(which, 'none that is of the quality asked for');
  return place;
}

/**
 * The bytes of a photo.
 * @throws RequestError PHOTO_NOT_FOUND
 */
export async function readPhoto(store: Pick<ImageStore, 'read'>, input: PhotoInput): Promise<Uint8Array> {
  if ('bytes' in input) return input.bytes;
  const object = await store.read(input);
  if (object) return object.bytes;
  throw photoNotFound(input.key);
}
