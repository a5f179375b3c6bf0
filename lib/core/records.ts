import type { FaceQuality } from '../vision/face-quality.ts';
import type { BoundingBox, Landmarks } from '../vision/geometry.ts';

/** Where an image is on its way. `indexed`, `enrolled`, `rejected` and `erased` are ends. */
export type ImageStatus = 'detecting' | 'embedding' | 'indexed' | 'enrolled' | 'rejected' | 'erased';

/** An object in the bucket, in one version. */
export interface ImageSource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** What is known of one key's newest version. */
export interface ImageRecord {
  readonly imageId: string;
  readonly collection: string;
  readonly source: ImageSource;
  /** Set when the key enrols somebody. */
  readonly person?: string;
  /** The bucket's own order of events on this key, padded so that text order is that order. */
  readonly sequencer: string;
  readonly status: ImageStatus;
  readonly eTag?: string;
  readonly width?: number;
  readonly height?: number;
  /** The faces of this version. */
  readonly faceIds: readonly string[];
  /** Those of them that are not embedded yet. */
  readonly pending: readonly string[];
  readonly rejection?: { readonly code: string; readonly message: string };
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

/** Whether a face names somebody (it was enrolled) or is to be named. */
export type FaceRole = 'person' | 'photo';

/** Who a face was taken for. */
export interface Match {
  readonly person: string;
  /** The enrolled face that is nearest. */
  readonly faceId: string;
  readonly distance: number;
  readonly similarity: number;
}

/** A face that is stored and can be searched. */
export interface FaceRecord {
  readonly faceId: string;
  readonly imageId: string;
  readonly collection: string;
  readonly role: FaceRole;
  /** Where the photo is; absent when its bytes came through the API: nothing is kept of them. */
  readonly source?: ImageSource;
  /** The version of the photo; of a face that was indexed through the API, the moment in which it was (ISO 8601, UTC). */
  readonly sequencer: string;
  /** What whoever indexed the photo through the API calls it. */
  readonly externalImageId?: string;
  /** The id of the embedder that `embedding` is of; vectors of different models are never compared. */
  readonly model: string;
  readonly box: BoundingBox;
  readonly landmarks: Landmarks;
  readonly confidence: number;
  /** Absent on faces that were stored before it was judged. */
  readonly quality?: FaceQuality;
  readonly imageWidth: number;
  readonly imageHeight: number;
  /** Whom an enrolled face shows. Set when `role` is `person`. */
  readonly person?: string;
  /** When it was last assigned to somebody, or released (ISO 8601, UTC); absent when it never was. */
  readonly assignedAt?: string;
  /** Whom a photo's face was taken for; absent is unknown. */
  readonly match?: Match;
  /** Unit length. */
  readonly embedding: Float32Array;
}

/** Somebody who is known. */
export interface PersonRecord {
  readonly collection: string;
  readonly person: string;
  /** The enrolled faces; one who was not made by name is gone with the last of them. */
  readonly faceIds: readonly string[];
  /** When the person came to be, by name or by the first face. */
  readonly enrolledAt: string;
  /** Grows with every change, also when the person is gone and made anew. */
  readonly version: number;
  /** The person whose all faces are about to become: a renaming or merging that is on its way. */
  readonly movingTo?: string;
}

/** People and faces that are kept apart from all others. */
export interface CollectionRecord {
  readonly collection: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}
