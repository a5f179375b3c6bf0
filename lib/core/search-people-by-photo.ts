import { cropFace } from '../vision/align.ts';
import { photoSize } from '../vision/image.ts';
import { expectCollection } from './collections.ts';
import { type AssessedFace, findFaces, type PhotoInput, type PhotoPorts } from './photo-faces.ts';
import type { Match } from './records.ts';
import { type SearchPorts, type SearchRange, searchPeople } from './search-faces.ts';

/** Who the largest face of a photo could be. */
export interface PeopleByPhoto {
  readonly width: number;
  readonly height: number;
  /** The largest face that fits; undefined where there is none. */
  readonly searched: AssessedFace | undefined;
  /** All others, the largest first. */
  readonly unsearched: readonly AssessedFace[];
  /** The nearest first. */
  readonly people: readonly Match[];
}

/**
 * Searches for the people whom the largest face of a photo could be. A photo without a face is like nobody.
 * @param fits which faces count
 * @throws RequestError COLLECTION_NOT_FOUND or PHOTO_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded
 */
export async function searchPeopleByPhoto(
  ports: SearchPorts & PhotoPorts,
  input: PhotoInput,
  { fits, ...range }: SearchRange & { readonly fits: (face: AssessedFace) => boolean },
): Promise<PeopleByPhoto> {
  await expectCollection(ports.registry, range.collection);
  const { photo, faces } = await findFaces(ports, input);
  const searched = faces.find(fits);
  const unsearched = faces.filter((face) => face !== searched);
  const found = { ...photoSize(photo), searched, unsearched };
  if (!searched) return { ...found, people: [] };
  const [embedding] = await ports.embedder.embed([cropFace(photo, searched, ports.embedder.card.crop)]);
  return { ...found, people: await searchPeople(ports, { ...range, by: { embedding: embedding! } }) };
}
