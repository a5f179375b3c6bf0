import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@smithy/core/checksum';
import { ALGORITHM_IDENTIFIER, getCanonicalHeaders, SignatureV4 } from '@smithy/signature-v4';

/** The parts of an HTTP request that a signature covers, besides its body. */
export interface SignedParts {
  readonly method: string;
  /** As it came, encoded, without the query. */
  readonly path: string;
  /** Decoded names and values, in the order in which they came. */
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** Whose key signed, for which day, region and service. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** What a request says of its signature. */
export interface SignatureClaim extends CredentialScope {
  readonly signedHeaders: readonly string[];
  /** 64 hexadecimal digits. */
  readonly signature: string;
  /** When it was signed, in milliseconds since 1970; on the day of the scope. */
  readonly signedAt: number;
}

/** Reads the header `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` with its X-Amz-Date. Undefined when either is missing or malformed. */
export function claimInHeaders(headers: SignedParts['headers']): SignatureClaim | undefined {
  const match = /^AWS4-HMAC-SHA256 +Credential=([^, ]+)[, ]+SignedHeaders=([^, ]+)[, ]+Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? '',
  );
  const [, credential = '', signedHeaders = '', signature = ''] = match ?? [];
  return claimOf({ credential, signedHeaders, signature, time: headers['x-amz-date'] ?? '' });
}

/** Puts together what a request says of its signature, wherever it says so. Undefined when a part of it is malformed, or when the times contradict each other. */
export function claimOf({
  credential,
  signedHeaders,
  signature,
  time,
}: Readonly<Record<'credential' | 'signedHeaders' | 'signature' | 'time', string>>): SignatureClaim | undefined {
  const scope = /^(.+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential);
  const signedAt = readTime(time);
  if (!scope || signedAt === undefined || !time.startsWith(scope[2]!)) return undefined;
  const [, accessKeyId, date, region, service] = scope as unknown as [string, string, string, string, string];
  return { accessKeyId, date, region, service, signedHeaders: signedHeaders.split(';'), signature, signedAt };
}

/** Signs again what a claim says was signed, with the secret that the key has. */
export class Resigner extends SignatureV4 {
  readonly #claim: SignatureClaim;
  readonly #scope: string;

  /** @param uriEscapePath whether the path is encoded once more, as for every service but S3 */
  constructor(claim: SignatureClaim, secretAccessKey: string, { uriEscapePath }: { readonly uriEscapePath: boolean }) {
    const { accessKeyId, date, region, service } = claim;
    super({ region, service, credentials: { accessKeyId, secretAccessKey }, sha256: Sha256, uriEscapePath });
    this.#claim = claim;
    this.#scope = [date, region, service, 'aws4_request'].join('/');
  }

  /**
   * The signature that a request should have, in hexadecimal.
   * @param payloadHash the SHA-256 of the body in hexadecimal, or what stands for it
   */
  async signatureOf({ method, path, query, headers }: SignedParts, payloadHash: string): Promise<string> {
    const { signedHeaders } = this.#claim;
    const named = Object.fromEntries(signedHeaders.map((name) => [name, headers[name] ?? '']));
    const request = { method, path, query: queryBag(query), headers: named, protocol: 'https:', hostname: '' };
    const canonicalHeaders = getCanonicalHeaders(request, undefined, new Set(signedHeaders));
    const canonical = this.createCanonicalRequest(request, canonicalHeaders, payloadHash);
    return this.signText(ALGORITHM_IDENTIFIER, sha256(canonical));
  }

  /** Signs lines of text under the claim's time and scope, in hexadecimal: a request's hash, or a chunk of a streamed body. */
  signText(algorithm: string, ...lines: readonly string[]): Promise<string> {
    const signingDate = new Date(this.#claim.signedAt);
    const { longDate } = this.formatDate(signingDate);
    return this.sign([algorithm, longDate, this.#scope, ...lines].join('\n'), { signingDate });
  }
}

/** Compares two texts in a time that does not depend on where they differ. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The SHA-256 of bytes, or of a text in UTF-8, in hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Each name once: thousands of the same would take as many lists of thousands of values. */
function queryBag(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries(Array.from(new Set(query.keys()), (name) => [name, query.getAll(name)]));
}

/** Reads `YYYYMMDDTHHMMSSZ`; a day or an hour that there is not is no time. */
function readTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (!parts) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = Date.parse(iso);
  return !Number.isNaN(time) && new Date(time).toISOString() === iso ? time : undefined;
}
