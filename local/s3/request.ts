import { type IncomingMessage, validateHeaderValue } from 'node:http';
import type { Readable } from 'node:stream';
import type { SignedParts } from '../../lib/adapters/sigv4.ts';
import { S3Error } from './errors.ts';
import type { ChunkSigner } from './signature.ts';

/** A request as the operations see it. */
export interface S3Request extends SignedParts {
  readonly id: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for a bucket. */
  readonly key: string;
  readonly body: Readable;
  /** Present when the request was signed. */
  readonly signer?: ChunkSigner;
}

/** What an operation answers. */
export interface S3Response {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Readable;
}

/**
 * Reads the line and the headers of a path-style request: `/<bucket>/<key>`. Settings that a presigned URL carries in its query
 * (x-amz-meta-*, x-amz-tagging and the like) count as headers; checksums do not, because SDKs presign that of an empty body.
 * @throws S3Error InvalidURI for a path or query that is no percent-encoded UTF-8, InvalidArgument for a setting that no header can have
 */
export function readRequest(message: IncomingMessage, id: string): Omit<S3Request, 'signer'> {
  const target = message.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark));
  const match = /^\/([^/]*)(?:\/(.*))?$/s.exec(path);
  if (!match) throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of query) {
    const lower = name.toLowerCase();
    if (/^x-amz-(?!checksum-|sdk-|algorithm|credential|date|expires|signature|signedheaders)/.test(lower)) {
      headers[lower] = headerValue(lower, value);
    }
  }
  for (const [name, value] of Object.entries(message.headers)) {
    headers[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return {
    id,
    method: message.method ?? 'GET',
    path,
    query,
    headers,
    bucket: decode(match[1]!),
    key: decode(match[2] ?? ''),
    body: message,
  };
}

/**
 * A text of the query that is to be the value of a header.
 * @throws S3Error InvalidArgument when it has line breaks or other characters that no header can carry
 */
export function headerValue(name: string, text: string): string {
  try {
    validateHeaderValue(name, text);
    return text;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new S3Error('InvalidArgument', `Expected ${name} as a header can carry it, in ISO-8859-1.`, { cause });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI: expected percent-encoded UTF-8.", { cause });
  }
}

/**
 * The whole number that a query parameter says, within its bounds; the fallback when it is absent.
 * @throws S3Error InvalidArgument
 */
export function wholeNumber(
  request: S3Request,
  name: string,
  fallback: number,
  lowest = 0,
  highest = 2 ** 31 - 1,
): number {
  const text = request.query.get(name);
  if (text === null) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value;
  throw new S3Error('InvalidArgument', `Expected ${name} as a whole number from ${lowest} to ${highest}.`);
}

/** The headers that are stored with an object and come back with it. */
const storedHeaders = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-amz-storage-class',
  'x-amz-website-redirect-location',
];
/** S3's limit of the names and values of an object's metadata, in bytes. */
const maxMetadataBytes = 2048;
/** What an object is that nobody said a type of; S3's own default. */
export const defaultContentType = 'binary/octet-stream';

/**
 * The headers of a request that are kept with the object: Content-Type and its like, and x-amz-meta-*.
 * @throws S3Error MetadataTooLarge
 */
export function objectHeaders({ headers }: S3Request): Record<string, string> {
  const kept: Record<string, string> = { 'content-type': defaultContentType };
  let metadataBytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    if (storedHeaders.includes(name)) kept[name] = value;
    if (!name.startsWith('x-amz-meta-')) continue;
    kept[name] = value;
    metadataBytes += name.length - 'x-amz-meta-'.length + Buffer.byteLength(value, 'latin1');
  }
  if (metadataBytes > maxMetadataBytes) {
    throw new S3Error(
      'MetadataTooLarge',
      `Expected at most ${maxMetadataBytes} bytes of metadata, received ${metadataBytes}.`,
    );
  }
  const encoding = withoutFraming(kept['content-encoding']);
  if (encoding) kept['content-encoding'] = encoding;
  else delete kept['content-encoding'];
  return kept;
}

/** `aws-chunked` is how the body came, not how the object is encoded. */
function withoutFraming(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== 'aws-chunked' && name !== '')
    .join(',');
}
