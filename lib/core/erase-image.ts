import { imageIdOf } from './ids.ts';
import type { ImageRef } from './messages.ts';
import type { FaceRegistry, TagQueue } from './ports.ts';
import type { FaceRecord } from './records.ts';

export interface ErasePorts {
  readonly registry: FaceRegistry;
  readonly tags: TagQueue;
}

/**
 * Erases what is known of an image: a tombstone takes the place of its record, its faces are deleted. False when a newer version is known, which stays.
 * @throws UnavailableError
 */
export async function eraseImage(ports: ErasePorts, image: ImageRef): Promise<boolean> {
  if (!(await ports.registry.buryImage(image.imageId, image.sequencer))) return false;
  await eraseFaces(ports, image, await ports.registry.facesOfImage(image.imageId), 'removed');
  return true;
}

/** Deletes faces for good and leaves word of it. The word goes first: should this end between the two, the next delivery still finds the faces. */
export async function eraseFaces(
  ports: ErasePorts,
  image: ImageRef,
  faces: readonly FaceRecord[],
  reason: 'removed' | 'replaced',
): Promise<void> {
  if (faces.length === 0) return;
  const erased = faces.map(({ faceId, person }) => ({ faceId, ...(person && { person }) }));
  await ports.tags.send([{ version: 1, kind: 'erased', image, reason, faces: erased }]);
  await ports.registry.deleteFaces(faces);
}

/** Deletes faces of whatever images for good, and leaves word of it for each image. The photos themselves stay where they are. */
export async function eraseStoredFaces(ports: ErasePorts, faces: readonly FaceRecord[]): Promise<void> {
  const images = new Map<string, FaceRecord[]>();
  for (const face of faces) {
    const image = `${face.imageId} ${face.sequencer}`;
    images.set(image, [...(images.get(image) ?? []), face]);
  }
  for (const ofImage of images.values()) await eraseFaces(ports, imageRefOf(ofImage[0]!), ofImage, 'removed');
}

/** The image of a face, as messages tell it. */
export function imageRefOf({ imageId, collection, sequencer, source }: FaceRecord): ImageRef {
  return { imageId, collection, sequencer, ...(source && { source }) };
}

/** Whether a face was found by the pipeline in a photo of the bucket, which is its image; else it was indexed through the API. */
export function isOfItsPhoto({ imageId, source }: Pick<FaceRecord, 'imageId' | 'source'>): boolean {
  return source !== undefined && imageId === imageIdOf(source.bucket, source.key);
}
