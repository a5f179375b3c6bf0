import { z } from 'zod';
import { FacenetError } from '../../../lib/core/errors.ts';
import { isStorable, longestCollection, longestPerson } from '../../../lib/core/keys.ts';
import { mostNeighbours, type Page, type Paged } from '../../../lib/core/ports.ts';
import { RekognitionError } from './errors.ts';
import { qualityFilters } from './quality-filter.ts';

/** At most so many faces of a photo are looked at, the largest (DetectFaces, CompareFaces and IndexFaces). */
export const mostFaces = 100;

/** A percentage, as thresholds are. */
export const percent = z.number().min(0).max(100);

export const qualityFilter = z.enum(qualityFilters);

const attributeNames = [
  'DEFAULT',
  'ALL',
  'AGE_RANGE',
  'BEARD',
  'EMOTIONS',
  'EYE_DIRECTION',
  'EYEGLASSES',
  'EYES_OPEN',
  'GENDER',
  'MOUTH_OPEN',
  'MUSTACHE',
  'FACE_OCCLUDED',
  'SMILE',
  'SUNGLASSES',
] as const;

/** What of a face is asked for; all that is known of one is always told, so that this says nothing. */
export const attributes = z.array(z.enum(attributeNames)).max(attributeNames.length);

/** A name that may have come from the bucket, and so may have characters that the protocol does not allow in new ones. */
function knownName(longest: number) {
  return z
    .string()
    .min(1)
    .refine((name) => isStorable(name, longest) && !name.includes('/'), { error: 'expected a name without slashes' });
}

export const collectionId = knownName(longestCollection);
export const newCollectionId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-zA-Z0-9_.-]+$/);
export const userId = knownName(longestPerson);
export const newUserId = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[a-zA-Z0-9_.\-:]+$/);
export const externalImageId = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[a-zA-Z0-9_.\-:]+$/);
export const faceId = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** How many faces a search answers; more than a vector search can find are not found. */
export const maxFaces = z
  .int()
  .min(1)
  .max(4096)
  .default(mostNeighbours)
  .transform((count) => Math.min(count, mostNeighbours));

/** Likewise of users. */
export const maxUsers = z
  .int()
  .min(1)
  .max(500)
  .default(mostNeighbours)
  .transform((count) => Math.min(count, mostNeighbours));

/** By which a client says that it repeats a request. */
export const clientRequestToken = z
  .string()
  .regex(/^[a-zA-Z0-9-_]{1,64}$/)
  .optional();

/** Faces of a page when nobody says how many. */
const usualPage = 1000;

/** The two fields of operations that list. Zero results are those of the default. */
export function pageFields(most: number, least: 0 | 1) {
  return {
    NextToken: z.string().min(1).max(4096).optional(),
    MaxResults: z
      .int()
      .min(least)
      .max(most)
      .default(Math.min(most, usualPage))
      .transform((count) => count || usualPage),
  };
}

/**
 * Asks for a page of a list.
 * @throws RekognitionError InvalidPaginationTokenException
 */
export async function pageOf<T>(
  { NextToken, MaxResults }: { readonly NextToken?: string | undefined; readonly MaxResults: number },
  list: (page: Page) => Promise<Paged<T>>,
): Promise<{ readonly items: readonly T[]; readonly NextToken?: string }> {
  try {
    const { items, next } = await list({ limit: MaxResults, ...(NextToken && { after: NextToken }) });
    return { items, ...(next && { NextToken: next }) };
  } catch (cause) {
    // All but the token has been checked before.
    if (!NextToken || !(cause instanceof FacenetError) || cause.code !== 'INVALID_REQUEST') throw cause;
    throw new RekognitionError('InvalidPaginationTokenException', `Invalid pagination token. ${cause.message}`, {
      cause,
    });
  }
}
