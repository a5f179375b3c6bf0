import { similarityOf, thresholdOf } from '../vision/similarity.ts';
import { identifyFace } from './identify-face.ts';
import { embedLargestFaces, type PhotoInput, type PhotoPorts, type UsedFace } from './photo-faces.ts';
import type { FaceRegistry, Neighbour } from './ports.ts';
import type { Match } from './records.ts';

export interface FoundFace extends Neighbour {
  readonly similarity: number;
}

/** Who is in a photo, as far as is known. */
export interface SearchResult {
  readonly searched: UsedFace;
  readonly threshold: number;
  readonly model: string;
  /** Who it is; undefined is unknown: nobody enrolled is within the threshold. */
  readonly identity: Match | undefined;
  /** The nearest people within the threshold, each by the nearest of their enrolled faces. */
  readonly people: readonly Match[];
  /** The nearest stored faces within the threshold, of photos and of people alike. */
  readonly faces: readonly FoundFace[];
}

/** The most neighbours that are looked at: what one vector search answers. */
const mostNeighbours = 100;

/**
 * Searches a collection for the largest face of a photo.
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded, or NO_FACE
 */
export async function searchFaces(
  ports: PhotoPorts & { readonly registry: FaceRegistry },
  input: PhotoInput,
  { collection, count }: { readonly collection: string; readonly count: number },
): Promise<SearchResult> {
  const { card } = ports.embedder;
  const [searched] = (await embedLargestFaces(ports, [input])) as [UsedFace];
  const query = { collection, model: card.id, embedding: searched.embedding };
  const threshold = thresholdOf(card);
  const [identity, enrolled, stored] = await Promise.all([
    identifyFace({ registry: ports.registry, embedder: card }, query),
    ports.registry.nearest({ ...query, role: 'person', count: mostNeighbours }),
    ports.registry.nearest({ ...query, count: Math.min(count, mostNeighbours) }),
  ]);
  const within = ({ distance }: Neighbour) => distance <= threshold;
  const similarity = (distance: number) => similarityOf(card, distance);
  return {
    searched,
    threshold,
    model: card.id,
    identity,
    people: nearestPeople(enrolled.filter(within), similarity).slice(0, count),
    faces: stored.filter(within).map((found) => ({ ...found, similarity: similarity(found.distance) })),
  };
}

function nearestPeople(enrolled: readonly Neighbour[], similarity: (distance: number) => number): Match[] {
  const people = new Map<string, Match>();
  for (const { face, distance } of enrolled) {
    if (face.person && !people.has(face.person)) {
      people.set(face.person, { person: face.person, faceId: face.faceId, distance, similarity: similarity(distance) });
    }
  }
  return [...people.values()];
}
