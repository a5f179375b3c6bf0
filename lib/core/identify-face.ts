import type { EmbedderCard } from '../vision/embedder-card.ts';
import { similarityOf, thresholdOf } from '../vision/similarity.ts';
import type { FaceRegistry } from './ports.ts';
import type { FaceRecord, Match } from './records.ts';

export interface IdentifyPorts {
  readonly registry: FaceRegistry;
  readonly embedder: EmbedderCard;
}

/** How many of the nearest enrolled faces are looked at before a face is called unknown. */
const candidates = 10;

/**
 * Says who a face is: the person of the nearest enrolled face, or undefined (unknown) when none is within the threshold. A vector index may still
 * hold what was erased a moment ago, so the person's own record has the last word.
 * @throws UnavailableError
 */
export async function identifyFace(
  { registry, embedder }: IdentifyPorts,
  face: Pick<FaceRecord, 'collection' | 'embedding'>,
): Promise<Match | undefined> {
  const threshold = thresholdOf(embedder);
  const { collection, embedding } = face;
  const nearest = await registry.nearest({
    collection,
    role: 'person',
    model: embedder.id,
    embedding,
    count: candidates,
  });
  for (const { face: enrolled, distance } of nearest) {
    if (distance > threshold) return undefined;
    const person = enrolled.person === undefined ? undefined : await registry.getPerson(collection, enrolled.person);
    if (person?.faceIds.includes(enrolled.faceId)) {
      return { person: person.person, faceId: enrolled.faceId, distance, similarity: similarityOf(embedder, distance) };
    }
  }
  return undefined;
}
