import { v5 } from 'uuid';
import type { BoundingBox } from '../vision/geometry.ts';

/** The namespace of every id here, itself v5 of the URL namespace and "facenet-serverless". Changing it renames everything. */
const namespace = v5('facenet-serverless', v5.URL);

/** The id of the photo under a key: the same for every version of it, so that a new version replaces the old. */
export function imageIdOf(bucket: string, key: string): string {
  return v5(JSON.stringify(['image', bucket, key]), namespace);
}

/**
 * The id of an image that was indexed through the API: of its bytes and of what its indexer calls it, so that indexing it again adds nothing.
 * @param sha256 of the bytes, hexadecimal
 */
export function indexedImageIdOf(collection: string, sha256: string, externalImageId = ''): string {
  return v5(JSON.stringify(['indexed', collection, sha256, externalImageId]), namespace);
}

/** The id of a face: of one image, in one version (its sequencer), at one box. The same photo delivered twice gives the same ids. */
export function faceIdOf(imageId: string, sequencer: string, box: BoundingBox): string {
  return v5(JSON.stringify(['face', imageId, sequencer, box.left, box.top, box.width, box.height]), namespace);
}

/** The id of an event: of what it says, so that a consumer drops one that comes twice. */
export function eventIdOf(...parts: readonly string[]): string {
  return v5(JSON.stringify(['event', ...parts]), namespace);
}
