import { expectCollection } from './collections.ts';
import { type ErasePorts, eraseStoredFaces } from './erase-image.ts';
import type { FaceRecord } from './records.ts';

/** A face that was not deleted, and why. */
export interface UndeletedFace {
  readonly faceId: string;
  readonly reason: 'FACE_NOT_FOUND' | 'ASSIGNED';
  /** Whose it is. */
  readonly person?: string;
}

/**
 * Deletes stored faces for good, and answers them as they were. The photos that they were found in stay.
 * @param assigned what becomes of faces that are somebody's: they are left (`refuse`), or taken from the person, who is gone with the last of them unless made
 * by name
 * @throws RequestError COLLECTION_NOT_FOUND
 */
export async function deleteFaces(
  ports: ErasePorts,
  {
    collection,
    faceIds,
    assigned,
  }: { readonly collection: string; readonly faceIds: readonly string[]; readonly assigned: 'refuse' | 'delete' },
): Promise<{ readonly deleted: readonly FaceRecord[]; readonly failed: readonly UndeletedFace[] }> {
  const { registry } = ports;
  await expectCollection(registry, collection);
  const wanted = [...new Set(faceIds)];
  const found = await Promise.all(wanted.map((faceId) => registry.getFace(collection, faceId)));
  const deleted: FaceRecord[] = [];
  const failed: UndeletedFace[] = [];
  for (const [i, face] of found.entries()) {
    if (!face) failed.push({ faceId: wanted[i]!, reason: 'FACE_NOT_FOUND' });
    else if (face.person === undefined || assigned === 'delete') deleted.push(face);
    else failed.push({ faceId: face.faceId, reason: 'ASSIGNED', person: face.person });
  }
  await eraseStoredFaces(ports, deleted);
  return { deleted, failed };
}
