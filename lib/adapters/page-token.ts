import { z } from 'zod';
import { RequestError } from '../core/errors.ts';
import { jsonOf } from '../core/json.ts';

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
  const parsed = positionSchema.safeParse(jsonOf(Buffer.from(token, 'base64url').toString()));
  if (parsed.success && fits(parsed.data)) return parsed.data;
  throw new RequestError(
    'INVALID_REQUEST',
    'Expected the `next` of an earlier page of this very list, received something else. Start again without it.',
  );
}
