import { type ErasePorts, eraseImage, eraseStoredFaces, isOfItsPhoto } from './erase-image.ts';
import { ConflictError, RequestError } from './errors.ts';
import { imageIdOf } from './ids.ts';
import { meaningOfKey, personPrefix } from './keys.ts';
import { personNotFound, photoNotFound } from './not-found.ts';
import type { ImageStore } from './ports.ts';
import type { FaceRecord } from './records.ts';
import { release } from './release.ts';

export interface ForgetPorts extends ErasePorts {
  readonly store: ImageStore;
  readonly bucket: string;
}

/** How often a person is gone through: the bucket tells detect of each photo that goes, and what that is about to erase is left to it the first time. */
const passes = 5;

export interface Forgotten {
  /** Photos removed from the bucket, in all their versions. */
  readonly photos: number;
}

/**
 * Removes a photo from the bucket and its faces from the registry. The object goes first: should this end between the two, the bucket's own
 * notification does the rest.
 * @throws RequestError PHOTO_NOT_FOUND when nothing is known of the key, INVALID_REQUEST when it is not one of ours
 */
export async function forgetPhoto(ports: ForgetPorts, key: string): Promise<Forgotten> {
  const meaning = meaningOfKey(key);
  if (meaning.kind === 'other' || meaning.kind === 'folder') {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected the key of a photo under people/ or photos/, received "${key}".`,
    );
  }
  if (!(await isKnown(ports, key))) throw photoNotFound(key);
  await erasePhoto(ports, key, meaning.collection);
  return { photos: 1 };
}

/**
 * Forgets a person: the photos that enrolled them are removed from the bucket, their faces that came through the API are deleted, and their name leaves
 * all other photos. Those stay, their faces are unknown again. A photo in the person's folder whose face is somebody else's by now is that one's, and stays.
 * @throws RequestError PERSON_NOT_FOUND, or CONFLICT when the person gets faces at the same time
 */
export async function forgetPerson(ports: ForgetPorts, collection: string, person: string): Promise<Forgotten> {
  const { registry } = ports;
  const photos = new Set<string>();
  for (let pass = 0; pass < passes; pass++) {
    const { keys, others } = await whatMakes(ports, collection, person);
    if (pass + keys.size + others.length === 0 && !(await registry.getPerson(collection, person))) {
      throw personNotFound(collection, person);
    }
    for (const key of keys) await erasePhoto(ports, key, collection);
    await release(ports, others.filter(isOfItsPhoto));
    await eraseStoredFaces(
      ports,
      others.filter((face) => !isOfItsPhoto(face)),
    );
    for (const key of keys) photos.add(key);
    if ((await registry.deletePerson(collection, person)) !== 'changed') return { photos: photos.size };
  }
  throw new ConflictError(`"${person}"`);
}

/** The photos that enrol a person, and the faces that were assigned. */
async function whatMakes(
  ports: ForgetPorts,
  collection: string,
  person: string,
): Promise<{ readonly keys: ReadonlySet<string>; readonly others: readonly FaceRecord[] }> {
  const { registry, store, bucket } = ports;
  const keys = new Set<string>();
  for await (const key of store.list(bucket, personPrefix(collection, person))) {
    if (!(await holdsSomebodyElse(ports, key, person))) keys.add(key);
  }
  const others: FaceRecord[] = [];
  for await (const face of registry.facesOfPerson(collection, person, 'person')) {
    const { source } = face;
    if (source && isOfItsPhoto(face) && meaningOfKey(source.key).kind === 'enrol') keys.add(source.key);
    else others.push(face);
  }
  return { keys, others };
}

async function holdsSomebodyElse({ registry, bucket }: ForgetPorts, key: string, person: string): Promise<boolean> {
  const faces = await registry.facesOfImage(imageIdOf(bucket, key));
  return faces.some((face) => face.person !== undefined && face.person !== person);
}

async function isKnown({ registry, store, bucket }: ForgetPorts, key: string): Promise<boolean> {
  const image = await registry.getImage(imageIdOf(bucket, key));
  if (image && image.status !== 'erased') return true;
  // Of all keys that begin with it, it is the first.
  for await (const first of store.list(bucket, key)) return first === key;
  return false;
}

/** Removes a photo from the bucket, and what is known of it. */
export async function erasePhoto(ports: ForgetPorts, key: string, collection: string): Promise<void> {
  const source = { bucket: ports.bucket, key };
  const imageId = imageIdOf(ports.bucket, key);
  await ports.store.remove(source);
  const image = await ports.registry.getImage(imageId);
  if (!image) return;
  await eraseImage(ports, { imageId, collection, sequencer: image.sequencer, source });
}
