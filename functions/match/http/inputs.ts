import { randomUUID } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { defaultCollection } from '../../../lib/core/keys.ts';
import type { Page } from '../../../lib/core/ports.ts';
import { idempotencyKey } from './idempotency.ts';

/** The longest key of an S3 object, in bytes of UTF-8. */
const longestKey = 1024;
/** The longest name of a person or a collection: it leaves room for the rest of the shortest key. */
const longestName = longestKey - 'people/'.length - '/x'.length;
/** The longest continuation that a page can hand out. */
const longestContinuation = 4096;
/** The most results of a search: what one vector search answers. */
const mostResults = 100;
const usualResults = 10;
/** The most items of a page, and how many it has when nobody says. */
const page = { largest: 1000, usual: 100 };

/** A UTF-16 surrogate without its other half, which UTF-8 cannot carry; S3, DynamoDB and file systems cannot carry NUL. */
const unstorable = /\p{Surrogate}|\0/u;

function text(what: string, longest: number) {
  const expected = `expected ${what} of 1 to ${longest} bytes in UTF-8`;
  return z
    .string({ error: expected })
    .min(1, expected)
    .max(longest, { error: expected, abort: true })
    .refine((value) => Buffer.byteLength(value) <= longest && !unstorable.test(value), {
      error: `${expected}, without lone surrogates or NUL`,
    });
}

function name(what: string) {
  return text(what, longestName).regex(/^[^/]+$/, `expected ${what} without a slash`);
}

/** A whole number, also where it comes as text: in a query, in a form. */
function whole(least: number, most: number, usual?: number) {
  const error = `expected a whole number from ${least} to ${most}`;
  return z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value),
      z.int({ error }).min(least, error).max(most, error),
    )
    .openapi({ type: 'integer', minimum: least, maximum: most, ...(usual !== undefined && { default: usual }) });
}

const person = name('the name of a person').openapi({ example: 'alice' });
const collection = name('the name of a collection').openapi({ example: defaultCollection });
const key = text('the key of an object in the bucket', longestKey).openapi({ example: 'photos/party.jpg' });
const count = whole(1, mostResults, usualResults);

/** Bytes, as a form brings them, or as text in base64. */
const bytes = z
  .preprocess(
    (value) => (typeof value === 'string' ? (decode(value) ?? value) : value),
    z.instanceof(Uint8Array, { error: 'expected a photo in base64' }),
  )
  .openapi({ type: 'string', format: 'byte' });

/** A photo: its bytes, or its key in the bucket. In JSON the bytes are base64, with or without `data:…;base64,` before them. */
export const photoSchema = z
  .strictObject(
    { bytes: bytes.optional(), key: key.optional() },
    {
      error: ({ code }) =>
        code === 'invalid_type' ? 'expected {"bytes":"<base64>"}, {"key":"<key in the bucket>"} or a file' : undefined,
    },
  )
  .transform(({ bytes, key }, { addIssue }) => {
    if (bytes !== undefined && key === undefined) return { bytes };
    if (key !== undefined && bytes === undefined) return { key };
    addIssue(`expected bytes or key, received ${key === undefined ? 'neither' : 'both'}`);
    return z.NEVER;
  })
  .openapi('Photo', { minProperties: 1, maxProperties: 1 });
export type Photo = z.output<typeof photoSchema>;

/**
 * A request that brings photos. `input` is what its fields are held against, whichever way they come: some may stand in `query`, as a body that is nothing but
 * a photo leaves no other place for them; `form` is how a form brings them, for the reader of the contract.
 */
export interface PhotoRequest<Input extends z.ZodType = z.ZodType, Query extends z.ZodObject = z.ZodObject> {
  readonly photos: readonly string[];
  readonly input: Input;
  readonly query: Query;
  readonly form: z.ZodObject;
}

function photoRequest<Input extends z.ZodType, Query extends z.ZodObject>(
  photos: readonly string[],
  query: Query,
  input: Input,
): PhotoRequest<Input, Query> {
  const file = z.any().openapi({ type: 'string', format: 'binary' }).optional();
  const fields = photos.flatMap((photo) => [
    [photo, file],
    [`${photo}Key`, key.optional()],
  ]);
  return { photos, query, input, form: query.extend(Object.fromEntries(fields)) };
}

/** Of routes that take none: a parameter that is misspelt is refused, and not passed over. */
export const noQuery = z.strictObject({});

export const verifyRequest = photoRequest(
  ['source', 'target'],
  z.strictObject({ person: person.optional(), collection: collection.optional() }),
  z
    .strictObject({
      source: photoSchema,
      target: photoSchema.optional(),
      person: person.optional(),
      collection: collection.default(defaultCollection),
    })
    .transform(({ source, target, person, collection }, { addIssue }) => {
      if (target && person === undefined) return { source, target };
      if (person !== undefined && !target) return { source, person, collection };
      addIssue(`Expected target (another photo) or person (a name), received ${target ? 'both' : 'neither'}`);
      return z.NEVER;
    }),
);

export const searchRequest = photoRequest(
  ['image'],
  z.strictObject({ collection: collection.optional(), count: count.optional() }),
  z.strictObject({
    image: photoSchema,
    collection: collection.default(defaultCollection),
    count: count.default(usualResults),
  }),
);

export const detectRequest = photoRequest(['image'], noQuery, z.strictObject({ image: photoSchema }));

export const identifyRequest = photoRequest(
  ['image'],
  z.strictObject({ collection: collection.optional() }),
  z.strictObject({ image: photoSchema, collection: collection.default(defaultCollection) }),
);

export const collectionQuery = z.strictObject({ collection: collection.default(defaultCollection) });
export const pageQuery = collectionQuery.extend({
  limit: whole(1, page.largest, page.usual).default(page.usual),
  after: text('the `next` of an earlier page', longestContinuation).optional(),
});
export const facesQuery = pageQuery.extend({ person: person.optional() });
export const photosQuery = pageQuery.extend({ key: key.optional().openapi({ description: 'this photo alone' }) });
export const personPath = z.strictObject({ person });
export const keyInput = z.strictObject({ key });
export const writeHeaders = z.object({ 'idempotency-key': idempotencyKey });

/** What an upload is for. Names are told apart from keys here, so that a caller cannot put anything beside people and photos. */
export const uploadBody = z
  .strictObject({
    collection: collection.default(defaultCollection),
    person: person.optional().openapi({ description: 'whom the photo enrols; without one, it is looked at' }),
    file: text('the name of a file', longestKey)
      .optional()
      .openapi({ description: 'a new UUID by default', example: 'portrait.jpg' }),
    bytes: whole(1, Number.MAX_SAFE_INTEGER).openapi({ description: 'how many the photo has', example: 8123456 }),
  })
  .transform(({ file = randomUUID(), ...rest }) => ({ file, ...rest }))
  .openapi('UploadInput');

/** The page that a query asks for. */
export function pageOf({ limit, after }: { readonly limit: number; readonly after?: string | undefined }): Page {
  return after === undefined ? { limit } : { limit, after };
}

/** Decodes base64, broken into lines or not, as `base64` and browsers make it. Undefined when it is not base64. */
function decode(encoded: string): Uint8Array | undefined {
  const digits = encoded
    .replace(/^data:[^,]{0,200};base64,/i, '')
    .replace(/\s+/g, '')
    .replace(/={1,2}$/, '');
  if (digits.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(digits)) return undefined;
  return Buffer.from(digits, 'base64');
}
