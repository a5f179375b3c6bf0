import { createHash } from 'node:crypto';
import { cropFace } from '../vision/align.ts';
import { photoSize } from '../vision/image.ts';
import { expectCollection } from './collections.ts';
import { faceIdOf, indexedImageIdOf } from './ids.ts';
import { type AssessedFace, findFaces, type PhotoInput, type PhotoPorts, readPhoto } from './photo-faces.ts';
import type { FaceRegistry } from './ports.ts';
import type { FaceRecord } from './records.ts';

export interface IndexPorts extends PhotoPorts {
  readonly registry: FaceRegistry;
  readonly now: () => Date;
}

export interface IndexedFace {
  readonly face: FaceRecord;
  readonly detected: AssessedFace;
}

/** A face that was found and not stored, and why: in the words of `judge`, or because there were enough larger ones. */
export interface UnindexedFace<Reason extends string> {
  readonly detected: AssessedFace;
  readonly reasons: readonly (Reason | 'EXCEEDS_MAX_FACES')[];
}

/** What became of a photo's faces, the largest first in either list. */
export interface IndexedFaces<Reason extends string> {
  readonly imageId: string;
  readonly indexed: readonly IndexedFace[];
  readonly unindexed: readonly UnindexedFace<Reason>[];
  readonly width: number;
  readonly height: number;
  readonly model: string;
}

/**
 * Stores the faces of a photo, to be searched and to be assigned to people; nothing is kept of the photo itself. The same photo under the same name again gives
 * the same faces, with whatever has become of them.
 * @param maxFaces at most so many of those that fit, the largest
 * @param judge says why a face is not to be stored; nothing when it is
 * @throws RequestError COLLECTION_NOT_FOUND or PHOTO_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded
 */
export async function indexFaces<Reason extends string = never>(
  ports: IndexPorts,
  input: PhotoInput,
  {
    collection,
    externalImageId,
    maxFaces = Number.POSITIVE_INFINITY,
    judge = () => [],
  }: {
    readonly collection: string;
    readonly externalImageId?: string | undefined;
    readonly maxFaces?: number | undefined;
    readonly judge?: (face: AssessedFace) => readonly Reason[];
  },
): Promise<IndexedFaces<Reason>> {
  const { registry, embedder } = ports;
  const model = embedder.card.id;
  await expectCollection(registry, collection);
  const bytes = await readPhoto(ports.store, input);
  const { photo, faces } = await findFaces(ports, { bytes });
  const imageId = indexedImageIdOf(collection, createHash('sha256').update(bytes).digest('hex'), externalImageId);
  const { width, height } = photoSize(photo);

  const fitting: AssessedFace[] = [];
  const unindexed: UnindexedFace<Reason>[] = [];
  for (const detected of faces) {
    const reasons = judge(detected);
    if (reasons.length > 0) unindexed.push({ detected, reasons });
    else if (fitting.length < maxFaces) fitting.push(detected);
    else unindexed.push({ detected, reasons: ['EXCEEDS_MAX_FACES'] });
  }

  const sequencer = ports.now().toISOString();
  const embeddings = await embedder.embed(fitting.map((face) => cropFace(photo, face, embedder.card.crop)));
  const stored = await Promise.all(
    fitting.map(async ({ box, landmarks, confidence, quality }, i) => {
      const face: FaceRecord = {
        faceId: faceIdOf(imageId, '', box),
        imageId,
        collection,
        role: 'photo',
        ...('bytes' in input ? {} : { source: input }),
        sequencer,
        ...(externalImageId !== undefined && { externalImageId }),
        model,
        box,
        landmarks,
        confidence,
        quality,
        imageWidth: width,
        imageHeight: height,
        embedding: embeddings[i]!,
      };
      const isNew = await registry.addFace(face);
      if (!isNew) await registry.addVector(face, model, face.embedding);
      return { face, isNew };
    }),
  );
  // Those that were there can be somebody's by now.
  const known = stored.every(({ isNew }) => isNew) ? [] : await registry.facesOfImage(imageId);
  const byId = new Map(known.map((face) => [face.faceId, face]));
  return {
    imageId,
    indexed: stored.map(({ face }, i) => ({ face: byId.get(face.faceId) ?? face, detected: fitting[i]! })),
    unindexed,
    width,
    height,
    model,
  };
}
