import { similarityOf, thresholdOf } from '../vision/similarity.ts';
import { expectCollection } from './collections.ts';
import { type Identity, identityAmong, nearestPeople, peopleAmong } from './identify-face.ts';
import { faceNotFound } from './not-found.ts';
import { getPerson } from './people.ts';
import { type ChosenPhoto, embedChosenFaces, type PhotoPorts, type UsedFace } from './photo-faces.ts';
import { type FaceEmbedder, type FaceRegistry, mostNeighbours, type Neighbour } from './ports.ts';
import type { FaceRecord, Match } from './records.ts';

export interface SearchPorts {
  readonly registry: FaceRegistry;
  readonly embedder: Pick<FaceEmbedder, 'card'>;
}

export interface FoundFace extends Neighbour {
  readonly similarity: number;
}

/** How far and for how many to look. */
export interface SearchRange {
  readonly collection: string;
  /** The largest distance, 0..2. @default the embedder's own */
  readonly threshold?: number | undefined;
  /** At most 100: what one vector search answers. */
  readonly count: number;
}

/** Who is in a photo, as far as is known. */
export interface SearchResult {
  readonly searched: UsedFace;
  readonly threshold: number;
  readonly model: string;
  /** Who it is; undefined is unknown: nobody enrolled is within the threshold. */
  readonly identity: Identity | undefined;
  /** The nearest people within the threshold, each by the nearest of their enrolled faces. */
  readonly people: readonly Match[];
  /** The nearest stored faces within the threshold, of photos and of people alike. */
  readonly faces: readonly FoundFace[];
}

/** How many of a person's faces are searched for, when it is asked who is like that person. */
const searchedOfPerson = 10;

/**
 * Searches a collection for the chosen face of a photo.
 * @throws RequestError COLLECTION_NOT_FOUND, PHOTO_NOT_FOUND or FACE_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded, or NO_FACE
 */
export async function searchFaces(
  ports: SearchPorts & PhotoPorts,
  input: ChosenPhoto,
  { collection, count, threshold = thresholdOf(ports.embedder.card) }: SearchRange,
): Promise<SearchResult> {
  const { registry } = ports;
  const { card } = ports.embedder;
  await expectCollection(registry, collection);
  const [searched] = (await embedChosenFaces(ports, [input])) as [UsedFace];
  const face = { collection, embedding: searched.embedding };
  const faces = await nearestFaces(ports, face, threshold, count);
  const identifying = { registry, embedder: card };
  // Where fewer count than were asked for, they are all that do, and the enrolled ones are among them.
  const people =
    faces.length < count
      ? await peopleAmong(identifying, collection, faces)
      : await nearestPeople(identifying, face, threshold);
  const identity = identityAmong(card, people);
  return { searched, threshold, model: card.id, identity, people: people.slice(0, count), faces };
}

/** The faces near one that is stored, and that one. */
export interface FaceSearchResult {
  readonly searched: FaceRecord;
  readonly threshold: number;
  readonly model: string;
  /** Without the searched one. */
  readonly faces: readonly FoundFace[];
}

/**
 * Searches a collection for a face that is stored in it.
 * @throws RequestError COLLECTION_NOT_FOUND, or FACE_NOT_FOUND, also for one that has no vector of the embedder in use yet
 */
export async function searchByFace(
  ports: SearchPorts,
  {
    collection,
    faceId,
    count,
    threshold = thresholdOf(ports.embedder.card),
  }: SearchRange & { readonly faceId: string },
): Promise<FaceSearchResult> {
  const searched = await storedFace(ports, collection, faceId);
  const near = await nearestFaces(ports, searched, threshold, count + 1);
  const faces = near.filter(({ face }) => face.faceId !== faceId).slice(0, count);
  return { searched, threshold, model: ports.embedder.card.id, faces };
}

/**
 * Says who a stored face is like, as `searchFaces` does of one of a photo. The face is left out, and so is whose it is.
 * @throws RequestError COLLECTION_NOT_FOUND or FACE_NOT_FOUND
 */
export async function identifyStoredFace(
  ports: SearchPorts,
  range: SearchRange & { readonly faceId: string },
): Promise<FaceSearchResult & Pick<SearchResult, 'identity' | 'people'>> {
  const found = await searchByFace(ports, range);
  const { person: asked, embedding } = found.searched;
  const people = await peopleNear(ports, range.collection, { asked, embeddings: [embedding] }, found.threshold);
  return { ...found, identity: identityAmong(ports.embedder.card, people), people: people.slice(0, range.count) };
}

/** What people are searched by: a vector, a stored face, or a person's faces. */
export type PeopleSearch =
  | { readonly embedding: Float32Array }
  | { readonly faceId: string }
  | { readonly person: string };

/**
 * Finds the people near a vector, a stored face or a person, each by the nearest of their faces; the nearest first. Whoever the face is, or the person asked by, is
 * left out. Of a person, the first ten faces are searched for.
 * @throws RequestError COLLECTION_NOT_FOUND, FACE_NOT_FOUND or PERSON_NOT_FOUND
 */
export async function searchPeople(
  ports: SearchPorts,
  { collection, by, count, threshold = thresholdOf(ports.embedder.card) }: SearchRange & { readonly by: PeopleSearch },
): Promise<Match[]> {
  const people = await peopleNear(ports, collection, await searchedBy(ports, collection, by), threshold);
  return people.slice(0, count);
}

/** Vectors to search by, and who is left out: whose they are. */
interface SearchedBy {
  readonly asked?: string | undefined;
  readonly embeddings: readonly Float32Array[];
}

async function peopleNear(
  ports: SearchPorts,
  collection: string,
  { asked, embeddings }: SearchedBy,
  threshold: number,
): Promise<Match[]> {
  const identifying = { registry: ports.registry, embedder: ports.embedder.card };
  const found = await Promise.all(
    embeddings.map((embedding) => nearestPeople(identifying, { collection, embedding }, threshold)),
  );
  const nearest = new Map<string, Match>();
  for (const match of found.flat()) {
    const known = nearest.get(match.person);
    if (match.person !== asked && (!known || match.distance < known.distance)) nearest.set(match.person, match);
  }
  return [...nearest.values()].sort((a, b) => a.distance - b.distance);
}

async function searchedBy(ports: SearchPorts, collection: string, by: PeopleSearch): Promise<SearchedBy> {
  if ('embedding' in by) {
    await expectCollection(ports.registry, collection);
    return { embeddings: [by.embedding] };
  }
  if ('faceId' in by) {
    const { person, embedding } = await storedFace(ports, collection, by.faceId);
    return { asked: person, embeddings: [embedding] };
  }
  await getPerson(ports.registry, collection, by.person);
  const embeddings: Float32Array[] = [];
  for await (const { model, embedding } of ports.registry.facesOfPerson(collection, by.person, 'person')) {
    if (model === ports.embedder.card.id) embeddings.push(embedding);
    if (embeddings.length === searchedOfPerson) break;
  }
  return { asked: by.person, embeddings };
}

async function storedFace(
  { registry, embedder }: SearchPorts,
  collection: string,
  faceId: string,
): Promise<FaceRecord> {
  await expectCollection(registry, collection);
  const face = await registry.getFace(collection, faceId);
  if (face?.model !== embedder.card.id) throw faceNotFound(collection, faceId);
  return face;
}

async function nearestFaces(
  { registry, embedder: { card } }: SearchPorts,
  { collection, embedding }: Pick<FaceRecord, 'collection' | 'embedding'>,
  threshold: number,
  count: number,
): Promise<FoundFace[]> {
  const query = { collection, model: card.id, embedding, count: Math.min(count, mostNeighbours) };
  return (await registry.nearest(query))
    .filter(({ distance }) => distance <= threshold)
    .map((found) => ({ ...found, similarity: similarityOf(card, found.distance) }));
}
