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
  readonly source: ImageSource;
  readonly sequencer: string;
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
  /** Whom a photo's face was taken for; absent is unknown. */
  readonly match?: Match;
  /** Unit length. */
  readonly embedding: Float32Array;
}

/** Somebody who is enrolled. */
export interface PersonRecord {
  readonly collection: string;
  readonly person: string;
  /** The enrolled faces; a person without any does not exist. */
  readonly faceIds: readonly string[];
  readonly enrolledAt: string;
}
