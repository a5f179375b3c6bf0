import { type AssignPorts, releaseFaces } from './assign-faces.ts';
import { ConflictError } from './errors.ts';
import { getPerson } from './people.ts';

/** How often it is looked for faces that the person got meanwhile. */
const passes = 3;

/**
 * Removes a person and nothing else: the faces stay, and are nobody's; they can be named anew. Photos in the bucket that enrolled them stay, too.
 * @throws RequestError COLLECTION_NOT_FOUND or PERSON_NOT_FOUND; CONFLICT when the person gets faces at the same time
 */
export async function dismissPerson(
  ports: AssignPorts,
  { collection, person }: { readonly collection: string; readonly person: string },
): Promise<void> {
  const { registry } = ports;
  await getPerson(registry, collection, person);
  for (let pass = 0; pass < passes; pass++) {
    const faceIds: string[] = [];
    for await (const { faceId } of registry.facesOfPerson(collection, person, 'person')) faceIds.push(faceId);
    // Who came to be by a face goes with the last of them.
    if (faceIds.length > 0 && (await registry.getPerson(collection, person))) {
      await releaseFaces(ports, { collection, person, faceIds });
    }
    if ((await registry.deletePerson(collection, person)) !== 'changed') return;
  }
  throw new ConflictError(`"${person}"`);
}
