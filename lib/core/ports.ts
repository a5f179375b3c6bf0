import type { EmbedderCard } from '../vision/embedder-card.ts';
import type { DetectedFace } from '../vision/geometry.ts';
import type { RgbImage } from '../vision/image.ts';
import type { FacenetEvent } from './events.ts';
import type { FaceMessage, TagMessage } from './messages.ts';
import type { FaceRecord, FaceRole, ImageRecord, ImageSource, Match, PersonRecord } from './records.ts';

/** The bucket. */
export interface ImageStore {
  /**
   * Reads an object whole. Undefined when it, or that version of it, is not there.
   * @throws ImageRejectedError IMAGE_TOO_LARGE without reading it, when it is larger than allowed
   */
  read(source: ImageSource): Promise<StoredObject | undefined>;
  /** Removes an object in all its versions; removing what is not there is no error. */
  remove(source: ImageSource): Promise<void>;
  /** All keys under a prefix, in the bucket's order. */
  list(bucket: string, prefix: string): AsyncIterable<string>;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  /** Without quotes. */
  readonly eTag: string;
}

/** Turns a file's bytes into pixels. */
export interface ImageDecoder {
  /**
   * Decodes the first frame of a photo, turned upright by its EXIF orientation, in sRGB, transparency laid on white.
   * @throws ImageRejectedError EMPTY_IMAGE, UNSUPPORTED_IMAGE_FORMAT, CORRUPT_IMAGE, IMAGE_TOO_SMALL, TOO_MANY_PIXELS, IMAGE_TOO_LARGE or IMAGE_TOO_SLOW
   */
  decode(bytes: Uint8Array): Promise<RgbImage>;
}

/** Finds faces. Sorted by falling box area. */
export interface FaceDetector {
  detect(image: RgbImage): Promise<DetectedFace[]>;
}

/** Turns aligned crops into unit vectors. */
export interface FaceEmbedder {
  readonly card: EmbedderCard;
  /** `crops` are of the size that the card's crop says; the answer has one vector for each, in order. */
  embed(crops: readonly RgbImage[]): Promise<Float32Array[]>;
}

/** Where detect leaves faces for embed. */
export interface FaceQueue {
  /** @throws UnavailableError when not all could be handed over */
  send(messages: readonly FaceMessage[]): Promise<void>;
}

/** Where everybody leaves what has happened for tag. */
export interface TagQueue {
  send(messages: readonly TagMessage[]): Promise<void>;
}

/** The bus that other systems listen to. */
export interface EventBus {
  /** @throws UnavailableError when not all were taken */
  publish(events: readonly FacenetEvent[]): Promise<void>;
}

export interface Page {
  readonly limit: number;
  /** What an earlier page gave as `next`. */
  readonly after?: string;
}

export interface Paged<T> {
  readonly items: readonly T[];
  /** Present when there is more. */
  readonly next?: string;
}

/** How an attempt to take up a version of an image ended. */
export type Claim =
  | 'claimed'
  /** A newer version of the key, or its removal, is known already. */
  | 'superseded'
  /** This very version is through. */
  | 'done';

/** Who is where: images, faces and people. Writes that come late, twice or out of order leave it right; see docs/architecture.md. */
export interface FaceRegistry {
  /** Takes up a version of an image for detection unless a newer one is known or this one is through; sets status `detecting`. */
  claimImage(
    image: Pick<ImageRecord, 'imageId' | 'collection' | 'source' | 'sequencer'> & {
      readonly person?: string;
      readonly eTag?: string;
    },
  ): Promise<Claim>;
  getImage(imageId: string): Promise<ImageRecord | undefined>;
  /** Writes down which faces are to be embedded; status `embedding`, all of them pending. False when the image has moved on. */
  expectFaces(
    image: Pick<ImageRecord, 'imageId' | 'sequencer'> & {
      readonly width: number;
      readonly height: number;
      readonly faceIds: readonly string[];
    },
  ): Promise<boolean>;
  /** Ends an image; idempotent. False when it has moved on, or while faces of it are pending. */
  finishImage(image: Pick<ImageRecord, 'imageId' | 'sequencer'>, end: 'indexed' | 'enrolled'): Promise<boolean>;
  rejectImage(
    image: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    rejection: { readonly code: string; readonly message: string },
  ): Promise<boolean>;
  /**
   * Leaves a tombstone without anything personal (kept 14 days, longer than a queue can hold an event), so that an event that comes late finds
   * the image gone. Without `sequencer`, erases whatever version is known. False when a newer version is known: it stays.
   */
  buryImage(imageId: string, sequencer?: string): Promise<boolean>;

  /** Adds or overwrites a face, vector and all. */
  putFace(face: FaceRecord): Promise<void>;
  /** Gives a face another embedder's vector beside those that it has. False when the face is gone: it stays so. */
  addVector(face: Pick<FaceRecord, 'imageId' | 'faceId'>, model: string, embedding: Float32Array): Promise<boolean>;
  /** Takes a face off the image's pending ones. `current` is false when the image has moved on (another sequencer, rejected or erased), but not when it is through; `remaining` counts those still pending. Idempotent. */
  faceEmbedded(
    image: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    faceId: string,
  ): Promise<{ readonly current: boolean; readonly remaining: number }>;
  /** All stored faces of an image, of whatever version; strongly consistent. */
  facesOfImage(imageId: string): Promise<FaceRecord[]>;
  getFace(collection: string, faceId: string): Promise<FaceRecord | undefined>;
  /** Removes faces for good, and takes enrolled ones from their person, who is gone with the last of them. Idempotent. */
  deleteFaces(faces: readonly FaceRecord[]): Promise<void>;
  /**
   * Writes who a face was taken for (undefined: unknown). `changed` when the stored match is no longer the one that `face` holds: nothing was written;
   * `gone` when the face is.
   */
  setMatch(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'match'>,
    match: Match | undefined,
  ): Promise<'written' | 'changed' | 'gone'>;
  listFaces(collection: string, filter: { readonly person?: string }, page: Page): Promise<Paged<FaceRecord>>;
  listImages(collection: string, page: Page): Promise<Paged<ImageRecord>>;

  /** Adds an enrolled face to a person, who begins to exist by it; idempotent. True when the person is new. */
  enrol(face: Pick<FaceRecord, 'collection' | 'faceId'> & { readonly person: string }): Promise<boolean>;
  getPerson(collection: string, person: string): Promise<PersonRecord | undefined>;
  listPeople(collection: string, page: Page): Promise<Paged<PersonRecord>>;
  /** Every face that is the person's: the enrolled ones (`person`), or those in photos taken for the person (`photo`). */
  facesOfPerson(collection: string, person: string, role: FaceRole): AsyncIterable<FaceRecord>;

  /** The stored faces nearest to a vector of the same model, nearest first, exact distances. `count` ≤ 100. */
  nearest(query: {
    readonly collection: string;
    readonly role?: FaceRole;
    readonly model: string;
    readonly embedding: Float32Array;
    readonly count: number;
  }): Promise<readonly Neighbour[]>;
}

export interface Neighbour {
  readonly face: FaceRecord;
  /** Euclidean, 0..2. */
  readonly distance: number;
}

/** Where use cases say what they did: JSON lines with ids and durations, never pixels, vectors or names. */
export interface Log {
  info(message: string, details?: Readonly<Record<string, string | number | boolean | undefined>>): void;
  warn(message: string, details?: Readonly<Record<string, string | number | boolean | undefined>>): void;
  error(
    message: string,
    details: Readonly<Record<string, string | number | boolean | undefined>>,
    error: unknown,
  ): void;
}
