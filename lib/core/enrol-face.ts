import type { BoundingBox } from '../vision/geometry.ts';
import { type AssignPorts, assignFaces } from './assign-faces.ts';
import { ConflictError, RequestError } from './errors.ts';
import { expectFitToEnrol } from './fit-to-enrol.ts';
import { type IndexPorts, indexFaces } from './index-faces.ts';
import { noFaceAt, noFaceIn } from './not-found.ts';
import { expectRoom, getPerson } from './people.ts';
import type { AssessedFace, ChosenPhoto } from './photo-faces.ts';
import type { FaceRecord } from './records.ts';

/** A face that became a person's, and the photo it was found in. */
export interface EnrolledFace {
  readonly face: FaceRecord;
  readonly detected: AssessedFace;
  /** Among all faces of the photo, the largest being 0. */
  readonly place: number;
  readonly width: number;
  readonly height: number;
  /** Where all faces of the photo are, the largest first. */
  readonly boxes: readonly BoundingBox[];
}

/**
 * Stores the chosen face of a photo as a person's: it names that person from now on. Nothing is kept of the photo, nor of its other faces.
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, LIMIT_EXCEEDED, PHOTO_NOT_FOUND, CONFLICT; FACE_NOT_FOUND when the photo has no face in that place;
 * FACE_ASSIGNED when this very face of this very photo is somebody else's
 * @throws ImageRejectedError when the photo cannot be decoded, NO_FACE, or POOR_QUALITY
 */
export async function enrolFace(
  ports: IndexPorts & AssignPorts,
  { photo, pick = 0 }: ChosenPhoto,
  { collection, person }: { readonly collection: string; readonly person: string },
): Promise<EnrolledFace> {
  const known = await getPerson(ports.registry, collection, person);
  expectRoom(known, 1);
  const found: AssessedFace[] = [];
  const judge = (face: AssessedFace) => {
    if (found.push(face) - 1 !== pick) return ['NOT_CHOSEN' as const];
    expectFitToEnrol(face.quality);
    return [];
  };
  const { indexed, width, height } = await indexFaces(ports, photo, { collection, judge });
  const [chosen] = indexed;
  if (!chosen) throw found.length === 0 ? noFaceIn('the photo') : noFaceAt(pick, 'the photo', found.length);
  const { faceId, imageId } = chosen.face;
  const { failed } = await assignFaces(ports, { collection, person, faceIds: [faceId], imageId });
  const [failure] = failed;
  if (failure?.person !== undefined) throw faceAssigned(faceId, failure.person);
  if (failure) throw new ConflictError(`the face ${faceId}`);
  const face = { ...chosen.face, role: 'person', person } as const;
  return { face, detected: chosen.detected, place: pick, width, height, boxes: found.map(({ box }) => box) };
}

/** That a face is somebody's, and what to do about it. */
export function faceAssigned(faceId: string, person: string): RequestError {
  return new RequestError(
    'FACE_ASSIGNED',
    `Expected a face that is nobody else's, received ${faceId}, which is "${person}"'s. Move it from there, or release it first.`,
  );
}
