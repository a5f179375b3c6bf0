import type { EmbedderCard } from '../vision/embedder-card.ts';
import type { DetectedFace } from '../vision/geometry.ts';
import type { RgbImage } from '../vision/image.ts';
import type { FacenetEvent } from './events.ts';
import type { FaceMessage, TagMessage } from './messages.ts';
import type {
  CollectionRecord,
  FaceRecord,
  FaceRole,
  ImageRecord,
  ImageSource,
  Match,
  PersonRecord,
} from './records.ts';

/** The bucket. */
export interface ImageStore {
  /**
   * Reads an object whole. Undefined when it, or that version of it, is not there.
   * @throws RequestError PHOTO_NOT_FOUND when it may not be read
   * @throws ImageRejectedError IMAGE_TOO_LARGE without reading it, when it is larger than allowed
   */
  read(source: ImageSource): Promise<StoredObject | undefined>;
  /** Removes an object in all its versions; removing what is not there is no error. */
  remove(source: ImageSource): Promise<void>;
  /** All keys under a prefix, in the order of their bytes in UTF-8, as S3 has it. */
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

/** How a write ended that depends on what was read before: made, not made as it is no longer so, or not made as nothing is there. */
export type WriteOutcome = 'written' | 'changed' | 'gone';

/** Who is where: collections, images, faces and people. Writes that come late, twice or out of order leave it right; see docs/architecture.md. */
export interface FaceRegistry {
  /** False when it is there already. */
  createCollection(collection: string): Promise<boolean>;
  /** The collection `main` is always there. */
  getCollection(collection: string): Promise<CollectionRecord | undefined>;
  listCollections(page: Page): Promise<Paged<CollectionRecord>>;
  /** Removes the collection's own record, and nothing of what is in it. Idempotent. */
  deleteCollection(collection: string): Promise<void>;
  /** Reads the keys of all faces of the collection: its time grows with them. */
  countFaces(collection: string): Promise<number>;
  /** Likewise. */
  countPeople(collection: string): Promise<number>;

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

  /** Adds a face, vector and all. False when it is there already: it is left as it is, whoever it was assigned to meanwhile. */
  addFace(face: FaceRecord): Promise<boolean>;
  /** Gives a face another embedder's vector beside those that it has. False when the face is gone: it stays so. */
  addVector(face: Pick<FaceRecord, 'imageId' | 'faceId'>, model: string, embedding: Float32Array): Promise<boolean>;
  /** Takes a face off the image's pending ones. `current` is false when the image has moved on (another sequencer, rejected or erased), but not when it is through; `remaining` counts those still pending. Idempotent. */
  faceEmbedded(
    image: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    faceId: string,
  ): Promise<{ readonly current: boolean; readonly remaining: number }>;
  /** All stored faces of an image, of whatever version; strongly consistent. */
  facesOfImage(imageId: string): Promise<FaceRecord[]>;
  /** `imageId`, where it is known, makes the answer strongly consistent; without it, a face that was added a moment ago may not be found yet. */
  getFace(collection: string, faceId: string, imageId?: string): Promise<FaceRecord | undefined>;
  /** Removes faces for good, and takes enrolled ones from their person, who is gone with the last of them unless made by name. Idempotent. */
  deleteFaces(faces: readonly FaceRecord[]): Promise<void>;
  /**
   * Writes who a face was taken for (undefined: unknown). `changed` when the stored match is no longer the one that `face` holds, or when the face has been
   * assigned to somebody.
   */
  setMatch(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'match'>,
    match: Match | undefined,
  ): Promise<WriteOutcome>;
  /**
   * Makes a face `person`'s, who begins to exist by it, or (undefined) nobody's: one to be named again. Takes it from whomever it was.
   * `changed` when it is no longer the one's that `face` says. Repeating it heals what broke off.
   */
  assignFace(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'person'>,
    person: string | undefined,
  ): Promise<WriteOutcome>;
  /** All faces, or those of a person: enrolled ones, those in photos taken for the person, or both. */
  listFaces(
    collection: string,
    filter:
      | { readonly person?: undefined; readonly role?: undefined }
      | { readonly person: string; readonly role?: FaceRole },
    page: Page,
  ): Promise<Paged<FaceRecord>>;
  listImages(collection: string, page: Page): Promise<Paged<ImageRecord>>;

  /** Lists an enrolled face with its person, who begins to exist by it; idempotent. A face that is gone or somebody else's by now is not listed. */
  enrol(face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection'> & { readonly person: string }): Promise<void>;
  /** Makes a person who stays also without a face. False when there is one of the name already. */
  createPerson(collection: string, person: string): Promise<boolean>;
  /**
   * Writes down that all faces of a person are about to become `to`'s, so that nobody else moves them elsewhere meanwhile, and whoever repeats it can go on.
   * `changed` when they are on their way to another, or when `version` is no longer the person's.
   */
  startMove(collection: string, person: string, to: string, version?: number): Promise<WriteOutcome>;
  /** Removes a person who has no faces. `changed` when there are some, or when `version` is no longer the person's. */
  deletePerson(collection: string, person: string, version?: number): Promise<'deleted' | 'changed' | 'gone'>;
  getPerson(collection: string, person: string): Promise<PersonRecord | undefined>;
  listPeople(collection: string, page: Page): Promise<Paged<PersonRecord>>;
  /** Every face that is the person's: the enrolled ones (`person`), or those in photos taken for the person (`photo`). */
  facesOfPerson(collection: string, person: string, role: FaceRole): AsyncIterable<FaceRecord>;

  /** The stored faces nearest to a vector of the same model, nearest first, exact distances. `count` is at most `mostNeighbours`. */
  nearest(query: {
    readonly collection: string;
    readonly role?: FaceRole;
    readonly model: string;
    readonly embedding: Float32Array;
    readonly count: number;
  }): Promise<readonly Neighbour[]>;
}

/** The most neighbours that are found at once: what DynamoDB's SearchVectors answers. */
export const mostNeighbours = 100;

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

/** Lets others put photos into the bucket without going through the API. */
export interface PhotoUploads {
  /** An address that takes one object of exactly so many bytes by PUT with these headers, for so many seconds. */
  sign(
    object: { readonly bucket: string; readonly key: string; readonly bytes: number },
    seconds: number,
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
}

/** An answer as it is kept: no more than what a client needs that repeats its request. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The answers to writes, each under the key that its client chose, so that a request that comes again is answered again and not done again. */
export interface AnsweredRequests {
  /**
   * Does the work unless it was done under this key already. Work that fails leaves nothing behind.
   * @param request what tells one request from another
   * @param lambda the invocation's context, which says until when the work can be under way
   * @throws RequestError IDEMPOTENCY_MISMATCH when another request came under the key, CONFLICT while the first is under way
   * @throws UnavailableError
   */
  once(
    call: { readonly key: string; readonly request: string; readonly lambda?: object | undefined },
    work: () => Promise<StoredAnswer>,
  ): Promise<{ readonly answer: StoredAnswer; readonly isNew: boolean }>;
}
