import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { S3Error } from './errors.ts';

const algorithm = 'AWS4-HMAC-SHA256';
/** Milliseconds by which a client's clock may be wrong; S3's own tolerance. */
const maxSkew = 15 * 60 * 1000;
/** Seconds for which a presigned URL can be valid: seven days. */
const maxExpiry = 7 * 24 * 60 * 60;
const emptyHash = sha256('');

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The parts of an HTTP request that a signature covers. */
export interface SignedParts {
  readonly method: string;
  /** As it came, encoded, without the query. */
  readonly path: string;
  /** Decoded names and values, in the order in which they came. */
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Signs what follows the headers: the chunks of a streamed body, each with the signature of the one before. */
export interface ChunkSigner {
  /** The signature of the headers, from which the chain starts. */
  readonly seed: string;
  /** The signature of a chunk whose bytes have this SHA-256 (hexadecimal). */
  chunk(previous: string, hash: string): string;
  /** The signature of the trailing headers, as `name:value\n` lines. */
  trailer(previous: string, lines: string): string;
}

interface Claim {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly time: string;
  readonly payloadHash: string;
  /** Seconds; of a presigned URL. */
  readonly expires?: number;
}

/** Whether the request carries a signature, in its headers or in its URL. */
export function isSigned({ headers, query }: Pick<SignedParts, 'headers' | 'query'>): boolean {
  return headers.authorization !== undefined || query.has('X-Amz-Signature');
}

/**
 * Verifies a request's signature (AWS Signature Version 4, in the Authorization header or presigned in the query) by signing it again.
 * @throws S3Error AuthorizationHeaderMalformed, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, or AccessDenied for an expired URL
 */
export function verifySignature(parts: SignedParts, credentials: Credentials, now: number): ChunkSigner {
  const claim = parts.headers.authorization === undefined ? claimOfQuery(parts) : claimOfHeaders(parts);
  if (claim.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error(
      'InvalidAccessKeyId',
      'Expected the access key of this local server, received another. Set AWS_ACCESS_KEY_ID to the one that it prints at its start.',
    );
  }
  checkTime(claim, now);
  const scope = [claim.date, claim.region, claim.service, 'aws4_request'].join('/');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const sign = (kind: string, ...lines: string[]) =>
    hmac(key, [kind, claim.time, scope, ...lines].join('\n')).toString('hex');
  const expected = sign(algorithm, sha256(canonicalRequest(parts, claim)));
  if (!sameText(expected, claim.signature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The signature that was received is not the one calculated for this request. Check the secret access key and that nothing changes the request on its way.',
    );
  }
  return {
    seed: claim.signature,
    chunk: (previous, hash) => sign(`${algorithm}-PAYLOAD`, previous, emptyHash, hash),
    trailer: (previous, lines) => sign('AWS4-HMAC-SHA256-TRAILER', previous, sha256(lines)),
  };
}

/** Compares two texts in a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function claimOfHeaders({ headers }: SignedParts): Claim {
  const match = /^AWS4-HMAC-SHA256 +Credential=([^, ]+)[, ]+SignedHeaders=([^, ]+)[, ]+Signature=([0-9a-f]{64})$/.exec(
    headers.authorization!,
  );
  const payloadHash = headers['x-amz-content-sha256'];
  const time = headers['x-amz-date'];
  if (!match || !time) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'Expected "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…" with an X-Amz-Date header. Sign with Signature Version 4.',
    );
  }
  if (!payloadHash) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  const [, credential, signedHeaders, signature] = match;
  return {
    ...scopeOf(credential!),
    signedHeaders: signedHeaders!.split(';'),
    signature: signature!,
    time,
    payloadHash,
  };
}

function claimOfQuery({ query, headers }: SignedParts): Claim {
  const expires = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (query.get('X-Amz-Algorithm') !== algorithm || !Number.isInteger(expires) || expires < 0 || expires > maxExpiry) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `Expected X-Amz-Algorithm=${algorithm} and X-Amz-Expires of at most ${maxExpiry} seconds. Presign with Signature Version 4.`,
    );
  }
  return {
    ...scopeOf(query.get('X-Amz-Credential') ?? ''),
    signedHeaders: (query.get('X-Amz-SignedHeaders') ?? '').split(';'),
    signature: query.get('X-Amz-Signature')!,
    time: query.get('X-Amz-Date') ?? '',
    payloadHash: query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD',
    expires,
  };
}

function scopeOf(credential: string): Pick<Claim, 'accessKeyId' | 'date' | 'region' | 'service'> {
  const match = /^(.+)\/(\d{8})\/([^/]+)\/(s3)\/aws4_request$/.exec(credential);
  if (!match) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'Expected the credential scope "<access key>/<date>/<region>/s3/aws4_request". Sign for the service s3.',
    );
  }
  const [, accessKeyId, date, region, service] = match as unknown as [string, string, string, string, string];
  return { accessKeyId, date, region, service };
}

function checkTime({ time, date, expires }: Claim, now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  if (!parts || !time.startsWith(date)) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      'Expected X-Amz-Date as YYYYMMDDTHHMMSSZ, on the day of the credential scope.',
    );
  }
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const signed = Date.UTC(year, month - 1, day, hour, minute, second);
  if (expires !== undefined && now > signed + expires * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired. Presign the URL again.');
  }
  if (signed > now + maxSkew || (expires === undefined && signed < now - maxSkew)) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large. Set the clock.',
    );
  }
}

function canonicalRequest({ method, path, query, headers }: SignedParts, claim: Claim): string {
  const lines = claim.signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  return [method, path, canonicalQuery(query), lines.join(''), claim.signedHeaders.join(';'), claim.payloadHash].join(
    '\n',
  );
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map((pair) => pair.map(encode) as [string, string])
    .sort(([nameA, valueA], [nameB, valueB]) => compare(nameA, nameB) || compare(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

/** Encodes every character but the unreserved ones of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
