import { z } from '@hono/zod-openapi';
import type { PersonRecord } from '../../../lib/core/records.ts';

/** The header that tells in which version a person was read. */
export const etagHeader = z.object({
  etag: z.string().openapi({ description: 'for If-Match; grows with every change', example: '"3"' }),
});

/** The header by which a write depends on what was read. */
export const ifMatch = z
  .string()
  .max(100, 'expected an ETag of at most 100 characters')
  .optional()
  .openapi({ description: 'the ETag that was read; the write is done only while it is the newest', example: '"3"' });

/** The entity tag of a person. */
export function etagOf({ version }: PersonRecord): string {
  return `"${version}"`;
}

/** The version that an `If-Match` asks for: undefined for any, -1 for a tag that is none of ours and matches nothing. */
export function versionOf({ 'if-match': tag }: { readonly 'if-match'?: string | undefined }): number | undefined {
  if (tag === undefined || tag === '*') return undefined;
  const [, version] = /^"(\d{1,15})"$/.exec(tag) ?? [];
  return version === undefined ? -1 : Number(version);
}
