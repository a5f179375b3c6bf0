import { v5 } from 'uuid';
import { faceIdOf, imageIdOf } from '../../lib/core/ids.ts';
import type { FaceRecord } from '../../lib/core/records.ts';

export const bucket = 'photos-bucket';

/** A sequencer as core pads it. */
export function sequencerOf(order: number): string {
  return order.toString(16).toUpperCase().padStart(6, '0').padEnd(32, '0');
}

/** An image to be claimed: of a key, in a version. */
export function imageOfKey(key: string, order = 1, collection = 'main') {
  const source = { bucket, key, versionId: `v${order}` };
  return { imageId: imageIdOf(bucket, key), collection, source, sequencer: sequencerOf(order), eTag: `tag${order}` };
}

/** A face in a photo; `changes` make it another. */
export function faceOf(key: string, left: number, changes: Partial<FaceRecord> = {}): FaceRecord {
  const { imageId, collection, source, sequencer } = imageOfKey(key);
  const box = { left, top: 4.5, width: 40.25, height: 50 };
  return {
    faceId: faceIdOf(imageId, sequencer, box),
    imageId,
    collection,
    role: 'photo',
    source,
    sequencer,
    model: 'plane',
    box,
    landmarks: {
      leftEye: [left + 10, 20.125],
      rightEye: [left + 30, 20],
      nose: [left + 20, 30],
      mouthLeft: [left + 12, 40],
      mouthRight: [left + 28, 40],
    },
    confidence: 0.9987654,
    imageWidth: 640,
    imageHeight: 480,
    embedding: Float32Array.of(Math.fround(0.6), Math.fround(0.8)),
    ...changes,
  };
}

export function idOf(name: string): string {
  return v5(name, v5.URL);
}
