import type { FailedFace } from '../../../lib/core/assign-faces.ts';
import { faceAssigned } from '../../../lib/core/enrol-face.ts';
import { faceNotFound } from '../../../lib/core/not-found.ts';
import type { FaceRegistry } from '../../../lib/core/ports.ts';
import type { FaceRecord } from '../../../lib/core/records.ts';

/**
 * One stored face, after something was done with it alone.
 * @param failed what the use case says of faces with which it was not done: of one, that is the answer
 * @throws RequestError FACE_NOT_FOUND or FACE_ASSIGNED
 */
export async function theFace(
  registry: FaceRegistry,
  collection: string,
  faceId: string,
  failed: readonly Pick<FailedFace, 'person'>[] = [],
): Promise<FaceRecord> {
  const [failure] = failed;
  if (failure?.person !== undefined) throw faceAssigned(faceId, failure.person);
  const face = failure ? undefined : await registry.getFace(collection, faceId);
  if (!face) throw faceNotFound(collection, faceId);
  return face;
}
