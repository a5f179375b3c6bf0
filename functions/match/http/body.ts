import type { OpenAPIHono, z } from '@hono/zod-openapi';
import type { Context, HonoRequest } from 'hono';
import { RequestError } from '../../../lib/core/errors.ts';
import type { PhotoInput } from '../../../lib/core/photo-faces.ts';
import type { Photo, PhotoRequest } from './inputs.ts';
import { invalidRequest, quote } from './problem.ts';

/**
 * Describes the body of a request that brings photos. By reference: where the library finds a schema it checks the body itself, by every schema of the route
 * one after the other, whatever the content type.
 */
export function photosBody(app: OpenAPIHono, name: string, { input, form }: PhotoRequest) {
  const component = (name: string, schema: z.ZodType) => {
    app.openAPIRegistry.register(name, schema);
    return { schema: { $ref: `#/components/schemas/${name}` } };
  };
  const content = {
    'application/json': component(`${name}Input`, input),
    'multipart/form-data': component(`${name}Form`, form),
    'image/*': { schema: { type: 'string' as const, format: 'binary' } },
  };
  return { content, required: true };
}

/** Describes a body that is JSON and nothing else; by reference, too. */
export function jsonBody(app: OpenAPIHono, name: string, schema: z.ZodType) {
  app.openAPIRegistry.register(`${name}Input`, schema);
  return { content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}Input` } } }, required: true };
}

/**
 * Reads a body that is JSON and nothing else.
 * @throws RequestError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE
 */
export async function readJson<S extends z.ZodType>({ req }: Context, schema: S): Promise<z.output<S>> {
  if (mediaTypeOf(req) !== json) {
    throw unsupported(req, json, "curl does it by --json '{…}' or -H 'content-type: application/json'");
  }
  const given = objectOf(await req.text());
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error, given);
}

/** A photo as use cases take it. */
export function inputOf({ bucket }: { readonly bucket: string }, photo: Photo): PhotoInput {
  return 'key' in photo ? { bucket, key: photo.key } : photo;
}

/**
 * Reads the fields of a request, whichever way they come: as JSON, as a form (a photo is a file, or its key in the bucket as `<field>Key`), or as nothing but
 * a photo, which is then the first of `photos`. Fields of the query are among them.
 * @throws RequestError INVALID_REQUEST, UNSUPPORTED_MEDIA_TYPE
 */
export async function readFields<Input extends z.ZodType>(
  { req }: Context,
  { photos, input }: Pick<PhotoRequest<Input>, 'photos' | 'input'>,
  query: Readonly<Record<string, unknown>>,
): Promise<z.output<Input>> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of [...Object.entries(query), ...(await bodyFields(req, photos))]) {
    if (value === undefined) continue;
    if (fields.has(name)) throw invalid(`Expected ${quote(name)} once, received it twice. Send one of the two.`);
    fields.set(name, value);
  }
  const given = Object.fromEntries(fields);
  const parsed = input.safeParse(given);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error, given);
}

type Field = readonly [name: string, value: unknown];

async function bodyFields(req: HonoRequest, photos: readonly string[]): Promise<readonly Field[]> {
  const mediaType = mediaTypeOf(req);
  if (mediaType === json) return Object.entries(objectOf(await req.text()));
  if (mediaType === 'multipart/form-data') {
    return Promise.all([...(await formOf(req.raw))].map(([name, value]) => formField(name, value, photos)));
  }
  const bytes = new Uint8Array(await req.arrayBuffer());
  if (mediaType.startsWith('image/') || mediaType === 'application/octet-stream') return [[photos[0]!, { bytes }]];
  if (mediaType === '' && bytes.length === 0) return [];
  throw unsupported(
    req,
    `${json}, multipart/form-data or image/*`,
    "curl does it by -F image=@photo.jpg or -H 'content-type: image/jpeg'",
  );
}

const json = 'application/json';

function mediaTypeOf(req: HonoRequest): string {
  return (req.header('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
}

function unsupported(req: HonoRequest, expected: string, remedy: string): RequestError {
  const received = mediaTypeOf(req) || 'one without a content type';
  return new RequestError(
    'UNSUPPORTED_MEDIA_TYPE',
    `Expected a body of ${expected}, received ${received}. Set the header Content-Type; ${remedy}.`,
  );
}

async function formField(name: string, value: string | Blob, photos: readonly string[]): Promise<Field> {
  if (!photos.includes(name)) {
    const photo = photos.find((photo) => name === `${photo}Key`);
    return photo === undefined ? [name, value] : [photo, { key: value }];
  }
  if (typeof value !== 'string') return [name, { bytes: new Uint8Array(await value.arrayBuffer()) }];
  throw invalid(
    `Expected a file in ${name}, received text. In curl it is ${name}=@photo.jpg; a key in the bucket goes into ${name}Key.`,
  );
}

function objectOf(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid('Expected a JSON object, received something that is not JSON. Check quotes and commas.', cause);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw invalid('Expected a JSON object, received another JSON value. Put the fields between braces.');
}

async function formOf(request: Request): Promise<FormData> {
  try {
    return await request.formData();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw invalid(
      'Expected a form, received a body that is none or breaks off. Let the client set Content-Type, as it knows the boundary.',
      cause,
    );
  }
}

function invalid(message: string, cause?: unknown): RequestError {
  return new RequestError('INVALID_REQUEST', message, { cause });
}
