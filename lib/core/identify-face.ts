import { euclideanDistance } from '../vision/distance.ts';
import type { EmbedderCard } from '../vision/embedder-card.ts';
import { ambiguityMarginOf, similarityOf, thresholdOf } from '../vision/similarity.ts';
import { type FaceRegistry, mostNeighbours, type Neighbour } from './ports.ts';
import type { FaceRecord, Match } from './records.ts';

export interface IdentifyPorts {
  readonly registry: Pick<FaceRegistry, 'nearest' | 'getPerson'>;
  readonly embedder: EmbedderCard;
}

/** Who a face is, and who else it could be. */
export interface Identity extends Match {
  /** Other people within the threshold and nearly as near: within the embedder's ambiguity margin of the nearest. The nearest first. */
  readonly ambiguous: readonly Match[];
}

/** Neighbours that are asked for at first. Where one of them is too far to count, as nearly always, none is beyond; and what is not fetched takes no time. */
const firstNeighbours = 10;

/**
 * Says who a face is: the person of the nearest enrolled face, or undefined (unknown) when none is within the threshold.
 * @param newcomers enrolled faces that the vector index may not have yet
 * @throws UnavailableError
 */
export async function identifyFace(
  ports: IdentifyPorts,
  face: Pick<FaceRecord, 'collection' | 'embedding'>,
  newcomers: readonly FaceRecord[] = [],
): Promise<Identity | undefined> {
  return identityAmong(ports.embedder, await nearestPeople(ports, face, thresholdOf(ports.embedder), newcomers));
}

/** The first of the people near a face, and those of the others who are nearly as near; undefined when there are none. */
export function identityAmong(embedder: EmbedderCard, [nearest, ...others]: readonly Match[]): Identity | undefined {
  if (!nearest) return undefined;
  const farthest = nearest.distance + ambiguityMarginOf(embedder);
  return { ...nearest, ambiguous: others.filter(({ distance }) => distance <= farthest) };
}

/**
 * The people near a vector, each by the nearest of their enrolled faces; the nearest first. A vector index may still hold what was erased or assigned to somebody
 * else a moment ago, so the person's own record has the last word. It looks at the 100 nearest enrolled faces, which one vector search answers at most.
 * @param threshold the largest distance at which anybody counts, 0..2
 * @param newcomers enrolled faces of the embedder's model that the index may not have yet
 * @throws UnavailableError
 */
export async function nearestPeople(
  { registry, embedder }: IdentifyPorts,
  { collection, embedding }: Pick<FaceRecord, 'collection' | 'embedding'>,
  threshold: number,
  newcomers: readonly FaceRecord[] = [],
): Promise<Match[]> {
  const query = { collection, role: 'person', model: embedder.id, embedding } as const;
  const isNear = ({ distance }: Neighbour) => distance <= threshold;
  const first = await registry.nearest({ ...query, count: firstNeighbours });
  const isAll = first.length < firstNeighbours || !first.every(isNear);
  const indexed = isAll ? first : await registry.nearest({ ...query, count: mostNeighbours });
  const added = newcomers.map((face) => ({ face, distance: euclideanDistance(face.embedding, embedding) }));
  const near = [...indexed, ...added].filter(isNear).sort((a, b) => a.distance - b.distance);
  return peopleAmong({ registry, embedder }, collection, near);
}

/** The people whom stored faces show, nearest first, as `nearestPeople` answers them. */
export async function peopleAmong(
  { registry, embedder }: IdentifyPorts,
  collection: string,
  near: readonly Neighbour[],
): Promise<Match[]> {
  const names = new Set(near.flatMap(({ face }) => face.person ?? []));
  const listed = new Map(
    await Promise.all(
      Array.from(names, async (person) => {
        const record = await registry.getPerson(collection, person);
        return [person, new Set(record?.faceIds)] as const;
      }),
    ),
  );
  const isListed = ({ face }: Neighbour) => listed.get(face.person ?? '')?.has(face.faceId);
  const people = new Map<string, Match>();
  for (const { face, distance } of near.filter(isListed)) {
    const person = face.person!;
    const similarity = similarityOf(embedder, distance);
    if (!people.has(person)) people.set(person, { person, faceId: face.faceId, distance, similarity });
  }
  return [...people.values()];
}
