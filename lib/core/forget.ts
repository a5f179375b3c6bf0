import { type ErasePorts, eraseImage } from './erase-image.ts';
import { RequestError } from './errors.ts';
import { imageIdOf } from './ids.ts';
import { meaningOfKey, personPrefix } from './keys.ts';
import type { ImageStore } from './ports.ts';
import { personNotFound } from './verify-faces.ts';

export interface ForgetPorts extends ErasePorts {
  readonly store: ImageStore;
  readonly bucket: string;
}

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
  if (!(await isKnown(ports, key))) {
    throw new RequestError(
      'PHOTO_NOT_FOUND',
      `Expected a photo in the bucket under "${key}", found none. List the bucket to see its keys.`,
    );
  }
  await erase(ports, key, meaning.collection);
  return { photos: 1 };
}

/**
 * Forgets a person: every photo that enrolled them is removed from the bucket, their enrolled faces are deleted, and their name leaves the photos in
 * which they were recognised. Those photos stay, their faces are unknown again.
 * @throws RequestError PERSON_NOT_FOUND
 */
export async function forgetPerson(ports: ForgetPorts, collection: string, person: string): Promise<Forgotten> {
  const keys = new Set<string>();
  for await (const key of ports.store.list(ports.bucket, personPrefix(collection, person))) keys.add(key);
  for await (const face of ports.registry.facesOfPerson(collection, person, 'person')) keys.add(face.source.key);
  if (keys.size === 0) throw personNotFound(collection, person);
  for (const key of keys) await erase(ports, key, collection);
  return { photos: keys.size };
}

async function isKnown({ registry, store, bucket }: ForgetPorts, key: string): Promise<boolean> {
  const image = await registry.getImage(imageIdOf(bucket, key));
  if (image && image.status !== 'erased') return true;
  for await (const stored of store.list(bucket, key)) if (stored === key) return true;
  return false;
}

async function erase(ports: ForgetPorts, key: string, collection: string): Promise<void> {
  const source = { bucket: ports.bucket, key };
  const imageId = imageIdOf(ports.bucket, key);
  await ports.store.remove(source);
  const image = await ports.registry.getImage(imageId);
  if (!image) return;
  await eraseImage(ports, { imageId, collection, sequencer: image.sequencer, source });
}
