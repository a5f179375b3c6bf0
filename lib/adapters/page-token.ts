import { z } from 'zod';
import { RequestError } from '../core/errors.ts';

/** Where a page ended: the key of its last item, attribute by attribute. */
export type PagePosition = Readonly<Record<string, string>>;

const positionSchema = z.record(z.string(), z.string().min(1));

/** Writes a position down as a text that callers hand back unread. */
export function pageToken(position: PagePosition): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a token back. `fits` says whether the position is one of the list that is asked for.
 * @throws RequestError INVALID_REQUEST when it is no token, or one of another list
 */
export function pagePosition(token: string, fits: (position: PagePosition) => boolean): PagePosition {
  const parsed = positionSchema.safeParse(jsonOf(token));
  if (parsed.success && fits(parsed.data)) return parsed.data;
  throw new RequestError(
    'INVALID_REQUEST',
    'Expected the `next` of an earlier page of this very list, received something else. Start again without it.',
  );
}

function jsonOf(token: string): unknown {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
