import { type Access, expectCollectionAccess, mayTouch } from './access.ts';
import { RequestError } from './errors.ts';
import { collectionOfPath } from './keys.ts';
import type { FaceRegistry, ImageStore, PhotoUploads } from './ports.ts';

/** Tells on whose behalf something is done just now. */
export type AccessOf = () => Access;

/** The collections that a call is about: as its arguments say, or as what is stored says. */
type Places<M extends keyof FaceRegistry> = (
  ...args: Parameters<FaceRegistry[M]>
) => readonly string[] | Promise<readonly string[]>;
type Calls = Omit<FaceRegistry, 'facesOfPerson' | 'listCollections'>;

/**
 * A registry that touches no collection but those which the caller's key is for, whichever way it was asked to, and lists no other.
 * @throws RequestError FORBIDDEN from every other method
 */
export function guardRegistry(registry: FaceRegistry, access: AccessOf): FaceRegistry {
  const ofImage = async (imageId: string) => {
    const [image, faces] = await Promise.all([registry.getImage(imageId), registry.facesOfImage(imageId)]);
    // A tombstone does not know any more where its image was.
    const known = image && image.status !== 'erased' ? [image, ...faces] : faces;
    return known.map(({ collection }) => collection);
  };
  const places: { readonly [M in keyof Calls]: Places<M> } = {
    createCollection: (collection) => [collection],
    getCollection: (collection) => [collection],
    deleteCollection: (collection) => [collection],
    countFaces: (collection) => [collection],
    countPeople: (collection) => [collection],
    claimImage: ({ collection }) => [collection],
    getImage: ofImage,
    expectFaces: ({ imageId }) => ofImage(imageId),
    finishImage: ({ imageId }) => ofImage(imageId),
    rejectImage: ({ imageId }) => ofImage(imageId),
    buryImage: ofImage,
    addFace: ({ collection }) => [collection],
    addVector: ({ imageId }) => ofImage(imageId),
    faceEmbedded: ({ imageId }) => ofImage(imageId),
    facesOfImage: ofImage,
    getFace: (collection) => [collection],
    deleteFaces: (faces) => faces.map(({ collection }) => collection),
    setMatch: ({ collection }) => [collection],
    assignFace: ({ collection }) => [collection],
    listFaces: (collection) => [collection],
    listImages: (collection) => [collection],
    enrol: ({ collection }) => [collection],
    createPerson: (collection) => [collection],
    startMove: (collection) => [collection],
    deletePerson: (collection) => [collection],
    getPerson: (collection) => [collection],
    listPeople: (collection) => [collection],
    nearest: ({ collection }) => [collection],
  };
  const guarded = Object.entries(places).map(([name, placesOf]) => {
    const call = async (...args: unknown[]): Promise<unknown> => {
      const caller = access();
      const touched = caller.collections ? await (placesOf as (...args: unknown[]) => readonly string[])(...args) : [];
      for (const collection of touched) expectCollectionAccess(caller, collection);
      return (registry[name as keyof Calls] as (...args: unknown[]) => unknown)(...args);
    };
    return [name, call] as const;
  });
  return {
    ...(Object.fromEntries(guarded) as unknown as Calls),
    async listCollections(page) {
      const caller = access();
      const { items, ...more } = await registry.listCollections(page);
      return { items: items.filter(({ collection }) => mayTouch(caller, collection)), ...more };
    },
    async *facesOfPerson(collection, person, role) {
      expectCollectionAccess(access(), collection);
      yield* registry.facesOfPerson(collection, person, role);
    },
  };
}

/**
 * A bucket of which nothing is seen but the photos of the collections that the caller's key is for.
 * @throws RequestError FORBIDDEN from every method
 */
export function guardStore(store: ImageStore, access: AccessOf): ImageStore {
  const check = (path: string) => expectPathAccess(access(), path);
  return {
    async read(source) {
      check(source.key);
      return store.read(source);
    },
    async remove(source) {
      check(source.key);
      return store.remove(source);
    },
    async *list(bucket, prefix) {
      check(prefix);
      yield* store.list(bucket, prefix);
    },
  };
}

/**
 * Uploads to no collection but those which the caller's key is for.
 * @throws RequestError FORBIDDEN
 */
export function guardUploads(uploads: PhotoUploads, access: AccessOf): PhotoUploads {
  return {
    async sign(object, seconds) {
      expectPathAccess(access(), object.key);
      return uploads.sign(object, seconds);
    },
  };
}

function expectPathAccess(caller: Access, path: string): void {
  if (!caller.collections) return;
  const collection = collectionOfPath(path);
  if (collection === undefined) {
    throw new RequestError(
      'FORBIDDEN',
      `Expected a key of one of the collections ${caller.collections.join(', ')}, received one outside all of them. Put the photo under collections/<collection>/photos/.`,
    );
  }
  expectCollectionAccess(caller, collection);
}
