import { type Image, type RekognitionClient, SearchFacesByImageCommand } from '@aws-sdk/client-rekognition';
import { inTurns } from '../in-turns.ts';
import type { BucketPhoto } from './bucket-photos.ts';
import { calledError, refusalOf } from './endpoints.ts';
import type { ExternalIdOf } from './external-ids.ts';

/** A collection, and the service that it is in. */
export interface Searched {
  readonly client: RekognitionClient;
  readonly collection: string;
  /** 0..100; each service has a scale of its own. */
  readonly threshold: number;
  readonly imageOf: (photo: BucketPhoto) => Promise<Image>;
}

/** What two services found for one photo: the ExternalImageIds, the most similar first, without the photo's own. Undefined where no face was seen. */
export interface ComparedSearch {
  readonly key: string;
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
}

/** How far two services agree. */
export interface Agreement {
  readonly photos: number;
  /** The most similar other photo is the same, or there is none on either side. */
  readonly same: number;
  /** It is another one. */
  readonly different: number;
  readonly onlyFrom: number;
  readonly onlyTo: number;
  /** The mean part of all that either found which both found, 0..1. */
  readonly overlap: number;
}

/**
 * Searches two collections for the same photos.
 * @param idOf which photo is the searched one itself, that finds itself in both
 * @throws UnavailableError, RequestError when a service does not answer, or refuses every search
 */
export async function compareSearches(
  photos: readonly BucketPhoto[],
  {
    from,
    to,
    idOf,
    concurrency,
    advance,
  }: {
    readonly from: Searched;
    readonly to: Searched;
    readonly idOf: ExternalIdOf;
    readonly concurrency: number;
    readonly advance: () => void;
  },
): Promise<ComparedSearch[]> {
  const compared: ComparedSearch[] = [];
  await inTurns(photos, concurrency, async (photo) => {
    const own = idOf(photo.key);
    const [before, now] = await Promise.all([found(from, photo, own), found(to, photo, own)]);
    compared.push({ key: photo.key, from: before, to: now });
    advance();
  });
  return compared.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Sums up in how many photos the services agree; those in which neither sees a face count for nothing. */
export function agreementOf(searches: readonly ComparedSearch[]): Agreement {
  const counts = { same: 0, different: 0, onlyFrom: 0, onlyTo: 0 };
  const seen = searches.filter(({ from, to }) => from || to);
  let overlap = 0;
  for (const { from = [], to = [] } of seen) {
    if (from[0] === to[0]) counts.same++;
    else if (from[0] === undefined) counts.onlyTo++;
    else if (to[0] === undefined) counts.onlyFrom++;
    else counts.different++;
    const all = new Set([...from, ...to]);
    const both = from.filter((id) => to.includes(id));
    overlap += all.size === 0 ? 1 : both.length / all.size;
  }
  return { photos: seen.length, ...counts, overlap: seen.length === 0 ? 1 : overlap / seen.length };
}

/** The most matches that are looked at. */
const mostMatches = 50;

async function found(
  { client, collection, threshold, imageOf }: Searched,
  photo: BucketPhoto,
  own: string | undefined,
): Promise<string[] | undefined> {
  const request = {
    CollectionId: collection,
    Image: await imageOf(photo),
    FaceMatchThreshold: threshold,
    MaxFaces: mostMatches,
  };
  try {
    const { FaceMatches = [] } = await client.send(new SearchFacesByImageCommand(request));
    const ids = FaceMatches.flatMap(({ Face }) => Face?.ExternalImageId ?? []);
    return [...new Set(ids)].filter((id) => id !== own);
  } catch (error) {
    // So a service says that it sees no face, or cannot read the photo.
    if (['InvalidParameterException', 'InvalidImageFormatException'].includes(refusalOf(error) ?? '')) return undefined;
    throw calledError(error, `the endpoint of collection ${collection}`);
  }
}
