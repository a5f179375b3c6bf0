import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type ErrorCode, errorTable, FacenetError, RequestError } from '../../../lib/core/errors.ts';
import { etagHeader } from './etag.ts';

const codes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];

/** The one shape of every error answer: problem details (RFC 9457) with the codes of the one table. */
export const problemSchema = z
  .object({
    type: z.string().describe('a URI for the kind of problem'),
    title: z.string(),
    status: z.int(),
    code: z.enum(codes).describe('stable; decide by this, never by the text'),
    detail: z.string().describe('what was expected, what was received, what to do'),
    retryable: z.boolean().describe('whether the same request can succeed later'),
    requestId: z.string().describe('stands in the log, too'),
  })
  .openapi('Problem');

/** What any request can meet, whatever it asks for. */
const anyCodes: readonly ErrorCode[] = [
  'INVALID_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'REQUEST_TOO_LARGE',
  'INVALID_CONFIG',
  'MODEL_MISSING',
  'MODEL_CORRUPT',
  'INTERNAL',
  'UNAVAILABLE',
];

/** What a request that brings a photo can meet. */
export const photoCodes = [
  'EMPTY_IMAGE',
  'PHOTO_NOT_FOUND',
  'IMAGE_TOO_LARGE',
  'TOO_MANY_PIXELS',
  'UNSUPPORTED_MEDIA_TYPE',
  'UNSUPPORTED_IMAGE_FORMAT',
  'CORRUPT_IMAGE',
  'IMAGE_TOO_SMALL',
  'IMAGE_TOO_SLOW',
] as const satisfies readonly ErrorCode[];

/** What a request with a JSON body can meet. */
export const jsonCodes = ['UNSUPPORTED_MEDIA_TYPE'] as const satisfies readonly ErrorCode[];

/** What a write can meet that carries an idempotency key, or collides with another. */
export const writeCodes = ['CONFLICT', 'IDEMPOTENCY_MISMATCH'] as const satisfies readonly ErrorCode[];

/** What a route answers: what it is there for, or a problem with one of the codes. */
export function answers<S extends z.ZodType>(description: string, schema: S, ...codes: readonly ErrorCode[]) {
  return { 200: { description, content: { 'application/json': { schema } } }, ...problems(codes) };
}

/** What a route answers that makes something. */
export function created<S extends z.ZodType>(description: string, schema: S, ...codes: readonly ErrorCode[]) {
  return { 201: { description, content: { 'application/json': { schema } } }, ...problems(codes) };
}

/** Adds the ETag to what a route answers when all is well. */
export function withETag<R extends object>(responses: R): R {
  const good = Object.entries(responses).map(([status, response]) => [
    status,
    status < '300' ? { ...response, headers: etagHeader } : response,
  ]);
  return Object.fromEntries(good) as R;
}

/** Problems by their status. To the types of the routes they are one: handlers throw them and answer none. */
function problems(codes: readonly ErrorCode[]) {
  const all = [...new Set([...anyCodes, ...codes])];
  const statuses = new Set(all.map((code) => errorTable[code].status));
  const responses = [...statuses].map((status) => [
    status,
    problemWith(all.filter((code) => errorTable[code].status === status)),
  ]);
  return Object.fromEntries(responses) as { readonly default: ReturnType<typeof problemWith> };
}

function problemWith(codes: readonly ErrorCode[]) {
  const example = problemOf(codes[0]!, 'What was expected, what was received, what to do.', exampleId);
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    content: { 'application/problem+json': { schema: problemSchema, example } },
  };
}

const exampleId = '0d5f9a31-572b-410c-9972-8d532f476854';

/** Seconds after which a client may try again what was unavailable: longer than a throttled table or a cold start takes. */
const retryAfter = 2;

/**
 * Answers an error as a problem. What a caller did is told in full; of what failed in here only the code is told, as the rest could name what is nobody's
 * business.
 */
export function answerProblem(c: Context, error: unknown): Response {
  const requestId: string = c.get('requestId');
  const code = codeOf(error);
  const { status } = errorTable[code];
  const detail = status < 500 && error instanceof FacenetError ? error.message : detailOf(code, requestId);
  const problem = problemOf(code, detail, requestId);
  return c.json(problem, status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
    ...(code === 'UNAVAILABLE' && { 'retry-after': String(retryAfter) }),
    ...(code === 'UNAUTHENTICATED' && { 'www-authenticate': 'AWS4-HMAC-SHA256' }),
  });
}

function problemOf(code: ErrorCode, detail: string, requestId: string): z.infer<typeof problemSchema> {
  const { status, retryable } = errorTable[code];
  return { type: `urn:problem-type:facenet:${code}`, title: titleOf(code), status, code, detail, retryable, requestId };
}

/** The code that an error is answered and logged with. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof FacenetError ? error.code : 'INTERNAL';
}

/**
 * Says what is wrong with a request in terms of its fields.
 * @param input what was validated, so that the message can quote what came
 */
export function invalidRequest(error: z.ZodError, input: unknown): RequestError {
  const problems = listed(error.issues, (issue) =>
    issue.code === 'unrecognized_keys'
      ? `Expected no other fields, received ${quote(issue.keys[0])}`
      : `${fieldOf(issue.path)}${issue.message}${receivedAt(input, issue)}`,
  );
  return new RequestError(
    'INVALID_REQUEST',
    `${problems}. Change the request; /openapi.json says what each call takes.`,
    { cause: error },
  );
}

/** The most problems that a message lists: an answer must not grow with what is wrong about a request. */
const mostListed = 10;

/** What is wrong with a request in a row, as far as a message lists it. */
export function listed<Issue>(issues: readonly Issue[], describe: (issue: Issue) => string): string {
  const told = issues.slice(0, mostListed).map(describe);
  const more = issues.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more of these`] : [])].join('; ');
}

/** The longest value that a message quotes, in characters; a photo in base64 is longer. */
const longestQuote = 100;

/** A value as a message quotes it. */
export function quote(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > longestQuote ? `a text of ${String(value).length} characters` : json;
}

function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function detailOf(code: ErrorCode, requestId: string): string {
  return code === 'UNAVAILABLE'
    ? `Something that this service leans on did not answer. Try again in ${retryAfter} seconds.`
    : `Something failed in here, not in the request. The log says what under the request id ${requestId}.`;
}

function fieldOf(path: readonly PropertyKey[]): string {
  return path.length > 0 ? `${path.map(String).join('.')}: ` : '';
}

function receivedAt(input: unknown, { code, path }: z.core.$ZodIssue): string {
  if (code === 'custom') return '';
  let value = input;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }
  if (value === undefined) return ', received nothing';
  if (typeof value === 'object') return `, received ${Array.isArray(value) ? 'a list' : 'an object'}`;
  return `, received ${quote(value)}`;
}
