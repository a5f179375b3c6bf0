import { expectCollection } from './collections.ts';
import type { ErasePorts } from './erase-image.ts';
import { ConflictError, RequestError } from './errors.ts';
import { personNotFound } from './not-found.ts';
import { type FaceRegistry, mostNeighbours } from './ports.ts';
import type { FaceRecord, PersonRecord } from './records.ts';
import { assignedMessage } from './release.ts';

/** At most so many faces are assigned to a person: as many as one vector search answers, so that no person hides all others. Photos in the bucket may enrol more. */
export const mostFacesOfPerson = mostNeighbours;

/** How often a person's faces are moved, as long as new ones come meanwhile. */
const passes = 3;

/**
 * Makes a person without a face, who stays until deleted.
 * @throws RequestError COLLECTION_NOT_FOUND or PERSON_EXISTS
 */
export async function createPerson(
  registry: FaceRegistry,
  { collection, person }: { readonly collection: string; readonly person: string },
): Promise<PersonRecord> {
  await expectCollection(registry, collection);
  if (!(await registry.createPerson(collection, person))) throw personExists(collection, person);
  return getPerson(registry, collection, person);
}

/**
 * Finds a person.
 * @throws RequestError COLLECTION_NOT_FOUND or PERSON_NOT_FOUND
 */
export async function getPerson(registry: FaceRegistry, collection: string, person: string): Promise<PersonRecord> {
  const known = await registry.getPerson(collection, person);
  if (known) return known;
  await expectCollection(registry, collection);
  throw personNotFound(collection, person);
}

/**
 * Gives a person another name, which nobody has yet. Photos in the bucket stay in the folder of the old one. What broke off is gone on with when it is
 * repeated.
 * @param version that the person must have, as it was read
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, PERSON_EXISTS, PRECONDITION_FAILED; CONFLICT when somebody else moves the person's faces
 */
export async function renamePerson(
  ports: ErasePorts,
  {
    collection,
    person,
    to,
    version,
  }: {
    readonly collection: string;
    readonly person: string;
    readonly to: string;
    readonly version?: number | undefined;
  },
): Promise<PersonRecord> {
  const { registry } = ports;
  const known = await personToMove(registry, collection, person, to, version);
  if (person === to) return known;
  if (known.movingTo !== to && (await registry.getPerson(collection, to))) throw personExists(collection, to);
  await movePerson(ports, known, to);
  return getPerson(registry, collection, to);
}

/**
 * Makes all faces of one person another's, and the one is gone: the two are the same. What broke off is gone on with when it is repeated.
 * @param version that `from` must have, as it was read
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, LIMIT_EXCEEDED, PRECONDITION_FAILED; CONFLICT when somebody else moves the faces of `from`
 */
export async function mergePeople(
  ports: ErasePorts,
  {
    collection,
    from,
    into,
    version,
  }: {
    readonly collection: string;
    readonly from: string;
    readonly into: string;
    readonly version?: number | undefined;
  },
): Promise<PersonRecord> {
  const { registry } = ports;
  const [known, target] = await Promise.all([
    personToMove(registry, collection, from, into, version),
    getPerson(registry, collection, into),
  ]);
  if (from === into) return known;
  if (known.movingTo !== into) expectRoom(target, known.faceIds.length);
  await movePerson(ports, known, into);
  return getPerson(registry, collection, into);
}

/**
 * Holds a person to be as the caller has read it.
 * @param version undefined: any
 * @throws RequestError PRECONDITION_FAILED
 */
export function expectVersion({ person, version: found }: PersonRecord, version: number | undefined): void {
  if (version === undefined || found === version) return;
  throw new RequestError(
    'PRECONDITION_FAILED',
    `Expected "${person}" as it was read, found version ${found} by now. Read the person again, and decide anew.`,
  );
}

/**
 * Holds a person to have room for more faces.
 * @throws RequestError LIMIT_EXCEEDED
 */
export function expectRoom({ person, faceIds }: PersonRecord, more: number): void {
  if (more === 0 || faceIds.length + more <= mostFacesOfPerson) return;
  throw new RequestError(
    'LIMIT_EXCEEDED',
    `Expected at most ${mostFacesOfPerson} faces of "${person}", received ${more} beside the ${faceIds.length} that there are. Delete some first: a few good ones know a person as well.`,
  );
}

/** A move to `to` that is on its way has changed the version itself, so it is not held against it. */
async function personToMove(
  registry: FaceRegistry,
  collection: string,
  person: string,
  to: string,
  version: number | undefined,
): Promise<PersonRecord> {
  const known = await getPerson(registry, collection, person);
  if (known.movingTo !== to) expectVersion(known, version);
  return known;
}

async function movePerson(ports: ErasePorts, { collection, person, version, movingTo }: PersonRecord, to: string) {
  const { registry } = ports;
  const started = await registry.startMove(collection, person, to, movingTo === to ? undefined : version);
  if (started !== 'written') throw new ConflictError(`"${person}"`);
  await registry.createPerson(collection, to);
  for (let pass = 0; pass < passes; pass++) {
    const moved = new Map<string, FaceRecord>();
    for await (const face of registry.facesOfPerson(collection, person, 'person')) {
      if ((await registry.assignFace(face, to)) === 'written') moved.set(face.faceId, face);
    }
    // Of all that were assigned, for an earlier attempt may have ended before it left word; repeats are dropped by the ids of the events.
    for await (const face of registry.facesOfPerson(collection, to, 'person')) {
      if (face.assignedAt !== undefined) moved.set(face.faceId, face);
    }
    await ports.tags.send([...moved.values()].map((face) => assignedMessage(face, { person: to, before: person })));
    if ((await registry.deletePerson(collection, person)) !== 'changed') return;
  }
  throw new ConflictError(`"${person}"`);
}

function personExists(collection: string, person: string): RequestError {
  return new RequestError(
    'PERSON_EXISTS',
    `Expected a name that nobody has yet in collection "${collection}", received "${person}". Merge the two if they are one, or choose another name.`,
  );
}
