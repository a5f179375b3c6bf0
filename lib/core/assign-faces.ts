import { euclideanDistance } from '../vision/distance.ts';
import { similarityOf } from '../vision/similarity.ts';
import type { ErasePorts } from './erase-image.ts';
import { ConflictError } from './errors.ts';
import { expectRoom, getPerson } from './people.ts';
import type { FaceEmbedder } from './ports.ts';
import type { FaceRecord } from './records.ts';
import { assignedMessage, release } from './release.ts';

export interface AssignPorts extends ErasePorts {
  readonly embedder: Pick<FaceEmbedder, 'card'>;
}

/** How often a face is looked at again that somebody else assigns at the same time. */
const attempts = 3;

/** A face that was not assigned or released, and why. */
export interface FailedFace {
  readonly faceId: string;
  readonly reason: 'FACE_NOT_FOUND' | 'ASSIGNED_TO_ANOTHER' | 'NOT_ASSIGNED' | 'LOW_MATCH';
  /** Whose it is. */
  readonly person?: string;
  /** How similar it is to the person's most similar face, 0..100. */
  readonly similarity?: number;
}

export interface AssignedFaces {
  readonly assigned: readonly string[];
  readonly failed: readonly FailedFace[];
}

/**
 * Makes stored faces a person's: they name that person from now on. Those that are somebody else's are left, and those that are the person's already count as
 * assigned.
 * @param maxDistance how near a face must be to one of those that the person has, where there are any
 * @param imageId the image that all of them are of, where it is known: then faces that were stored a moment ago are found for sure
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, LIMIT_EXCEEDED; CONFLICT when somebody else keeps assigning one of them
 */
export function assignFaces(
  ports: AssignPorts,
  input: {
    readonly collection: string;
    readonly person: string;
    readonly faceIds: readonly string[];
    readonly maxDistance?: number | undefined;
    readonly imageId?: string | undefined;
  },
): Promise<AssignedFaces> {
  return assign(ports, input, undefined);
}

/**
 * Makes faces of one person another's.
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, LIMIT_EXCEEDED; CONFLICT when somebody else keeps assigning one of them
 */
export async function moveFaces(
  ports: AssignPorts,
  {
    collection,
    faceIds,
    from,
    to,
  }: { readonly collection: string; readonly faceIds: readonly string[]; readonly from: string; readonly to: string },
): Promise<AssignedFaces> {
  return assign(ports, { collection, person: to, faceIds }, from);
}

/**
 * Makes faces of a person nobody's: photos' faces to be named again, by somebody else.
 * @throws RequestError COLLECTION_NOT_FOUND or PERSON_NOT_FOUND
 */
export async function releaseFaces(
  ports: AssignPorts,
  {
    collection,
    person,
    faceIds,
  }: { readonly collection: string; readonly person: string; readonly faceIds: readonly string[] },
): Promise<{ readonly released: readonly string[]; readonly failed: readonly FailedFace[] }> {
  await getPerson(ports.registry, collection, person);
  const own: FaceRecord[] = [];
  const failed: FailedFace[] = [];
  const wanted = [...new Set(faceIds)];
  const found = await Promise.all(wanted.map((faceId) => ports.registry.getFace(collection, faceId)));
  for (const [i, face] of found.entries()) {
    const faceId = wanted[i]!;
    if (!face) failed.push({ faceId, reason: 'FACE_NOT_FOUND' });
    else if (face.person === person) own.push(face);
    else if (face.person === undefined) failed.push({ faceId, reason: 'NOT_ASSIGNED' });
    else failed.push({ faceId, reason: 'ASSIGNED_TO_ANOTHER', person: face.person });
  }
  await release(ports, own);
  return { released: own.map(({ faceId }) => faceId), failed };
}

async function assign(
  ports: AssignPorts,
  { collection, person, faceIds, maxDistance = Number.POSITIVE_INFINITY, imageId }: Parameters<typeof assignFaces>[1],
  from: string | undefined,
): Promise<AssignedFaces> {
  const known = await getPerson(ports.registry, collection, person);
  const has = new Set(known.faceIds);
  expectRoom(known, new Set(faceIds.filter((faceId) => !has.has(faceId))).size);
  const own: FaceRecord[] = [];
  if (maxDistance < Number.POSITIVE_INFINITY) {
    for await (const face of ports.registry.facesOfPerson(collection, person, 'person')) own.push(face);
  }
  const { done, failed } = await change(ports, { collection, faceIds, imageId }, person, (face) => {
    const { faceId, person: owner } = face;
    if (owner === person) return undefined;
    if (owner !== undefined && owner !== from) return { faceId, reason: 'ASSIGNED_TO_ANOTHER', person: owner };
    if (owner === undefined && from !== undefined) return { faceId, reason: 'NOT_ASSIGNED' };
    const distance = nearestDistance(face, own);
    if (own.length === 0 || distance <= maxDistance) return undefined;
    return { faceId, reason: 'LOW_MATCH', similarity: similarityOf(ports.embedder.card, distance) };
  });
  // One that a photo in the bucket enrolled is told of by tag.
  const told = done.filter((face) => face.person !== person || face.assignedAt !== undefined);
  await ports.tags.send(told.map((face) => assignedMessage(face, { person, before: from })));
  return { assigned: done.map(({ faceId }) => faceId), failed };
}

/** The distance to the nearest of some faces of the same model; infinite when there is none. */
function nearestDistance(face: FaceRecord, others: readonly FaceRecord[]): number {
  const comparable = others.filter(({ model, faceId }) => model === face.model && faceId !== face.faceId);
  return Math.min(...comparable.map(({ embedding }) => euclideanDistance(embedding, face.embedding)));
}

/** Makes each face `person`'s unless `refuse` says why not. `done` are the faces as they were before. */
async function change(
  { registry }: AssignPorts,
  {
    collection,
    faceIds,
    imageId,
  }: { readonly collection: string; readonly faceIds: readonly string[]; readonly imageId?: string | undefined },
  person: string,
  refuse: (face: FaceRecord) => FailedFace | undefined,
): Promise<{ readonly done: readonly FaceRecord[]; readonly failed: readonly FailedFace[] }> {
  const changeOne = async (faceId: string): Promise<FaceRecord | FailedFace> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const face = await registry.getFace(collection, faceId, imageId);
      if (!face) return { faceId, reason: 'FACE_NOT_FOUND' };
      const refused = refuse(face);
      if (refused) return refused;
      const outcome = await registry.assignFace(face, person);
      if (outcome === 'gone') return { faceId, reason: 'FACE_NOT_FOUND' };
      if (outcome === 'written') return face;
    }
    throw new ConflictError(`the face ${faceId}`);
  };
  const ends = await Promise.all([...new Set(faceIds)].map(changeOne));
  return {
    done: ends.filter((end) => !('reason' in end)) as FaceRecord[],
    failed: ends.filter((end) => 'reason' in end) as FailedFace[],
  };
}
