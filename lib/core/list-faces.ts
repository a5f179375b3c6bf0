import { expectCollection } from './collections.ts';
import { RequestError } from './errors.ts';
import { getPerson } from './people.ts';
import type { FaceRegistry, Page, Paged } from './ports.ts';
import type { FaceRecord } from './records.ts';

/** Faces that are read at the same time. */
const readAtOnce = 100;

/**
 * Lists the faces of a collection: all of them, those that are somebody's, or those of some ids.
 * @throws RequestError COLLECTION_NOT_FOUND, PERSON_NOT_FOUND, or INVALID_REQUEST when `after` is not of this list
 */
export async function listFaces(
  registry: FaceRegistry,
  {
    collection,
    person,
    faceIds,
  }: {
    readonly collection: string;
    /** Whose they are: enrolled, not only recognised. */
    readonly person?: string | undefined;
    readonly faceIds?: readonly string[] | undefined;
  },
  page: Page,
): Promise<Paged<FaceRecord>> {
  await expectCollection(registry, collection);
  if (person !== undefined) await getPerson(registry, collection, person);
  if (faceIds) return chosenFaces(registry, collection, { person, faceIds }, page);
  return registry.listFaces(collection, person === undefined ? {} : { person, role: 'person' }, page);
}

async function chosenFaces(
  registry: FaceRegistry,
  collection: string,
  { person, faceIds }: { readonly person: string | undefined; readonly faceIds: readonly string[] },
  { limit, after }: Page,
): Promise<Paged<FaceRecord>> {
  const ids = [...new Set(faceIds)].sort();
  const start = after === undefined ? 0 : ids.indexOf(after) + 1;
  if (start === 0 && after !== undefined) {
    throw new RequestError(
      'INVALID_REQUEST',
      'Expected the `next` of an earlier page of these very faces, received something else. Start again without it.',
    );
  }
  const wanted = ids.slice(start, start + limit);
  const faces: FaceRecord[] = [];
  for (let from = 0; from < wanted.length; from += readAtOnce) {
    const some = wanted.slice(from, from + readAtOnce).map((faceId) => registry.getFace(collection, faceId));
    for (const face of await Promise.all(some)) {
      if (face && (person === undefined || face.person === person)) faces.push(face);
    }
  }
  const last = wanted.at(-1);
  return { items: faces, ...(last !== undefined && start + limit < ids.length && { next: last }) };
}
