import { randomUUID } from 'node:crypto';
import { z } from '@hono/zod-openapi';
import { defaultCollection, isStorable, longestCollection, longestKey, longestPerson } from '../../../lib/core/keys.ts';
import { mostFacesOfPerson } from '../../../lib/core/people.ts';
import { mostNeighbours, type Page } from '../../../lib/core/ports.ts';
import { ifMatch } from './etag.ts';
import { idempotencyKey } from './idempotency.ts';

/** The longest continuation that a page can hand out. */
const longestContinuation = 4096;
const usualResults = 10;
/** The most faces that are found in a photo: as `FACENET_MAX_FACES` has it by default. */
const mostPlaces = 1000;
/** The most faces of a photo that one request stores: an answer that is kept for an `Idempotency-Key` has to fit into an item of the table. */
const mostIndexed = 100;
/** The most items of a page, and how many it has when nobody says. */
const page = { largest: 1000, usual: 100 };

function text(what: string, longest: number) {
  const expected = `expected ${what} of 1 to ${longest} bytes in UTF-8`;
  return z
    .string({ error: expected })
    .min(1, expected)
    .max(longest, { error: expected, abort: true })
    .refine((value) => isStorable(value, longest), {
      error: `${expected}, without lone surrogates or NUL`,
    });
}

function name(what: string, longest: number) {
  return text(what, longest).regex(/^[^/]+$/, `expected ${what} without a slash`);
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

/** A number, also where it comes as text. */
function decimal(least: number, most: number) {
  const error = `expected a number from ${least} to ${most}`;
  return z
    .preprocess(
      (value) => (typeof value === 'string' && /^\d{1,3}(\.\d{1,20})?$/.test(value) ? Number(value) : value),
      z.number({ error }).min(least, error).max(most, error),
    )
    .openapi({ type: 'number', minimum: least, maximum: most });
}

const person = name('the name of a person', longestPerson).openapi({ example: 'alice' });
const collection = name('the name of a collection', longestCollection).openapi({ example: defaultCollection });
const key = text('the key of an object in the bucket', longestKey).openapi({ example: 'photos/party.jpg' });
const count = whole(1, mostNeighbours, usualResults);
const threshold = decimal(0, 2).openapi({
  description: "the largest distance at which anybody counts; the embedder's own by default",
  example: 0.9,
});
const face = whole(0, mostPlaces - 1).openapi({
  description: 'which face of the photo, by its place: 0 is the largest, and the default',
  example: 0,
});
const faceId = z.guid('expected the id of a face').openapi({ format: 'uuid' });
const maxFaces = whole(1, mostIndexed, mostIndexed);
/** As Rekognition has it, so that the two can be exchanged. */
const externalImageId = z
  .string()
  .regex(/^[a-zA-Z0-9_.\-:]+$/, 'expected letters, digits and _ . - : alone')
  .max(255, 'expected at most 255 characters')
  .openapi({ description: 'what you call the photo', example: 'party-2026' });

/** Bytes, as a form brings them, or as text in base64. */
const bytes = z
  .preprocess(
    (value) => (typeof value === 'string' ? (decode(value) ?? value) : value),
    z.instanceof(Uint8Array, { error: 'expected a photo in base64' }),
  )
  .openapi({ type: 'string', format: 'byte' });

/** A photo: its bytes, or its key in the bucket. In JSON the bytes are base64, with or without `data:…;base64,` before them. */
const photoSchema = z
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
  z.strictObject({
    person: person.optional(),
    collection: collection.optional(),
    sourceFace: face.optional(),
    targetFace: face.optional(),
  }),
  z
    .strictObject({
      source: photoSchema,
      sourceFace: face.optional(),
      target: photoSchema.optional(),
      targetFace: face.optional(),
      person: person.optional(),
      collection: collection.default(defaultCollection),
    })
    .transform(({ source, sourceFace, target, targetFace, person, collection }, { addIssue }) => {
      const from = { photo: source, pick: sourceFace };
      if (target && person === undefined) return { source: from, target: { photo: target, pick: targetFace } };
      if (person !== undefined && !target && targetFace === undefined) return { source: from, person, collection };
      addIssue(`Expected target (another photo) or person (a name), received ${target ? 'both' : 'neither'}`);
      return z.NEVER;
    })
    .openapi({ example: { source: { key: 'photos/door.jpg' }, person: 'alice' } }),
);

export const searchRequest = photoRequest(
  ['image'],
  z.strictObject({
    collection: collection.optional(),
    count: count.optional(),
    threshold: threshold.optional(),
    face: face.optional(),
    faceId: faceId.optional(),
  }),
  z
    .strictObject({
      image: photoSchema.optional(),
      face: face.optional(),
      faceId: faceId.optional(),
      collection: collection.default(defaultCollection),
      count: count.default(usualResults),
      threshold: threshold.optional(),
    })
    .transform(({ image, face, faceId, ...range }, { addIssue }) => {
      if (image && faceId === undefined) return { ...range, image: { photo: image, pick: face } };
      if (faceId !== undefined && !image && face === undefined) return { ...range, faceId };
      addIssue(`Expected image (a photo) or faceId (of a stored face), received ${image ? 'both' : 'neither'}`);
      return z.NEVER;
    })
    .openapi({ example: { image: { key: 'photos/door.jpg' }, count: 5 } }),
);

export const detectRequest = photoRequest(
  ['image'],
  noQuery,
  z.strictObject({ image: photoSchema }).openapi({ example: { image: { key: 'photos/party.jpg' } } }),
);

export const identifyRequest = photoRequest(
  ['image'],
  z.strictObject({ collection: collection.optional() }),
  z
    .strictObject({ image: photoSchema, collection: collection.default(defaultCollection) })
    .openapi({ example: { image: { key: 'photos/party.jpg' } } }),
);

export const indexRequest = photoRequest(
  ['image'],
  z.strictObject({
    collection: collection.optional(),
    externalImageId: externalImageId.optional(),
    maxFaces: maxFaces.optional(),
  }),
  z
    .strictObject({
      image: photoSchema,
      collection: collection.default(defaultCollection),
      externalImageId: externalImageId.optional(),
      maxFaces: maxFaces.default(mostIndexed),
    })
    .openapi({ example: { image: { key: 'photos/party.jpg' }, externalImageId: 'party-2026' } }),
);

export const addFacesRequest = photoRequest(
  ['image'],
  z.strictObject({ collection: collection.optional(), face: face.optional() }),
  z
    .strictObject({
      image: photoSchema.optional(),
      face: face.optional(),
      faceIds: z.array(faceId).min(1).max(mostFacesOfPerson).optional(),
      threshold: threshold
        .optional()
        .openapi({ description: 'how near each of faceIds must be to a face that the person has' }),
      collection: collection.default(defaultCollection),
    })
    .transform(({ image, face, faceIds, threshold, collection }, { addIssue }) => {
      const ofIds = face === undefined && !image;
      if (image && !faceIds && threshold === undefined) return { collection, image: { photo: image, pick: face } };
      if (faceIds && ofIds) return { collection, faceIds, maxDistance: threshold };
      addIssue(
        `Expected image (a photo, with face) or faceIds (of stored faces, with threshold), received ${image && faceIds ? 'both' : 'neither or parts of both'}`,
      );
      return z.NEVER;
    })
    .openapi({ example: { faceIds: ['1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11'] } }),
);

export const collectionQuery = z.strictObject({ collection: collection.default(defaultCollection) });
export const plainPageQuery = z.strictObject({
  limit: whole(1, page.largest, page.usual).default(page.usual),
  after: text('the `next` of an earlier page', longestContinuation).optional(),
});
export const pageQuery = plainPageQuery.extend(collectionQuery.shape);
export const facesQuery = pageQuery.extend({ person: person.optional() });
export const photosQuery = pageQuery.extend({ key: key.optional().openapi({ description: 'this photo alone' }) });
export const personPath = z.strictObject({ person });
export const facePath = z.strictObject({ faceId });
export const personFacePath = z.strictObject({ person, faceId });
export const collectionPath = z.strictObject({ collection });
export const keyInput = z.strictObject({ key });
export const deleteFaceQuery = collectionQuery.extend({
  assigned: z
    .enum(['refuse', 'delete'], { error: 'expected refuse or delete' })
    .default('refuse')
    .openapi({ description: "what becomes of a face that is somebody's" }),
});
export const deleteCollectionQuery = z.strictObject({
  photos: z
    .preprocess((value) => ({ true: true, false: false })[String(value)] ?? value, z.boolean('expected true or false'))
    .default(false)
    .openapi({ type: 'boolean', default: false, description: 'whether its photos go from the bucket, too' }),
});

/** Headers of writes, and of those that depend on what was read. */
export const writeHeaders = z.object({ 'idempotency-key': idempotencyKey });
export const changeHeaders = writeHeaders.extend({ 'if-match': ifMatch });

export const createPersonBody = z.strictObject({ person, collection: collection.default(defaultCollection) });
export const renamePersonBody = z.strictObject({
  person: person.openapi({ description: 'the new name', example: 'Alice Liddell' }),
});
export const mergePersonBody = z.strictObject({ into: person.openapi({ description: 'who it is in truth' }) });
export const moveFaceBody = z.strictObject({
  to: person.openapi({ description: 'whose it is in truth', example: 'bob' }),
});
export const createCollectionBody = z.strictObject({ collection });

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
  .transform(({ file = randomUUID(), ...rest }) => ({ file, ...rest }));

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
