import { type ErasePorts, imageRefOf } from './erase-image.ts';
import type { TagMessage } from './messages.ts';
import type { FaceRecord } from './records.ts';

/**
 * Makes faces that are somebody's nobody's, and leaves word of it. The word goes first, and tag does it, too: should this end between the two, no photo keeps
 * the name. What somebody else does with one of them at the same time counts as done after it.
 */
export async function release({ registry, tags }: ErasePorts, faces: readonly FaceRecord[]): Promise<void> {
  await tags.send(
    faces.map((face) => ({
      ...assignedMessage(face, { before: face.person }),
      ...(face.assignedAt !== undefined && { since: face.assignedAt }),
    })),
  );
  for (const face of faces) await registry.assignFace(face, undefined);
}

/** Word of a face that was assigned or released. */
export function assignedMessage(
  face: FaceRecord,
  { person, before }: { readonly person?: string | undefined; readonly before?: string | undefined },
): Extract<TagMessage, { kind: 'assigned' }> {
  const people = { ...(person !== undefined && { person }), ...(before !== undefined && { before }) };
  return { version: 1, kind: 'assigned', image: imageRefOf(face), faceId: face.faceId, ...people };
}
