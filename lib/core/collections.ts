import { type ErasePorts, eraseImage, eraseStoredFaces } from './erase-image.ts';
import { ConflictError, RequestError } from './errors.ts';
import { erasePhoto, type ForgetPorts } from './forget.ts';
import { defaultCollection, peoplePrefix, photosPrefix } from './keys.ts';
import { collectionNotFound } from './not-found.ts';
import { allPages } from './pages.ts';
import type { FaceRegistry } from './ports.ts';
import type { CollectionRecord, FaceRecord } from './records.ts';

/** How often a collection is gone through, as long as something new turns up in it. */
const passes = 5;
/** Faces that are erased together. */
const erasedAtOnce = 100;

/**
 * Holds a collection to be there. The collection `main` always is, so it is not looked for.
 * @throws RequestError COLLECTION_NOT_FOUND
 */
export async function expectCollection(registry: FaceRegistry, collection: string): Promise<void> {
  if (collection !== defaultCollection) await getCollection(registry, collection);
}

async function getCollection(registry: FaceRegistry, collection: string): Promise<CollectionRecord> {
  const known = await registry.getCollection(collection);
  if (known) return known;
  throw collectionNotFound(collection);
}

/**
 * Makes a collection.
 * @throws RequestError COLLECTION_EXISTS
 */
export async function createCollection(registry: FaceRegistry, collection: string): Promise<CollectionRecord> {
  if (collection !== defaultCollection && (await registry.createCollection(collection))) {
    return getCollection(registry, collection);
  }
  throw new RequestError(
    'COLLECTION_EXISTS',
    `Expected a name that no collection has yet, received "${collection}". Use the collection as it is, or choose another name.`,
  );
}

/** A collection, and how much is in it. */
export type CollectionDescription = CollectionRecord & { readonly faces: number; readonly people: number };

/**
 * Describes a collection. All its faces' and people's keys are counted, so its time grows with them.
 * @throws RequestError COLLECTION_NOT_FOUND
 */
export async function describeCollection(registry: FaceRegistry, collection: string): Promise<CollectionDescription> {
  const known = await getCollection(registry, collection);
  const [faces, people] = await Promise.all([registry.countFaces(collection), registry.countPeople(collection)]);
  return { ...known, faces, people };
}

/**
 * Forgets all faces, people and images of a collection, and the collection; `main` stays, empty. The photos in the bucket stay unless `photos` says otherwise;
 * they are not looked at again until they are put there anew. What broke off is gone on with when it is repeated.
 * @throws RequestError COLLECTION_NOT_FOUND, or CONFLICT when people get faces as fast as they are erased
 */
export async function deleteCollection(
  ports: ForgetPorts,
  collection: string,
  { photos = false }: { readonly photos?: boolean } = {},
): Promise<void> {
  await expectCollection(ports.registry, collection);
  if (photos) await removePhotos(ports, collection);
  let left = true;
  for (let pass = 0; left; pass++) {
    if (pass === passes) throw new ConflictError(`the collection "${collection}"`);
    left = await emptyCollection(ports, collection);
  }
  await ports.registry.deleteCollection(collection);
}

async function removePhotos(ports: ForgetPorts, collection: string): Promise<void> {
  for (const prefix of [peoplePrefix(collection), photosPrefix(collection)]) {
    for await (const key of ports.store.list(ports.bucket, prefix)) await erasePhoto(ports, key, collection);
  }
}

/** Goes once through all that a collection has; true when there was something, or something stayed. */
async function emptyCollection(ports: ErasePorts, collection: string): Promise<boolean> {
  const { registry } = ports;
  let found = false;
  for await (const image of allPages((page) => registry.listImages(collection, page))) {
    const { imageId, sequencer, source } = image;
    await eraseImage(ports, { imageId, collection, sequencer, source });
    found = true;
  }
  let faces: FaceRecord[] = [];
  const erase = async () => {
    await eraseStoredFaces(ports, faces);
    faces = [];
  };
  for await (const face of allPages((page) => registry.listFaces(collection, {}, page))) {
    faces.push(face);
    found = true;
    if (faces.length === erasedAtOnce) await erase();
  }
  await erase();
  for await (const { person } of allPages((page) => registry.listPeople(collection, page))) {
    await registry.deletePerson(collection, person);
    found = true;
  }
  return found;
}
