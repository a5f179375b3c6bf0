import {
  claimInHeaders,
  claimOf,
  Resigner,
  type SignatureClaim,
  type SignedParts,
  sameText,
  sha256,
} from '../../lib/adapters/sigv4.ts';
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

/** Signs what follows the headers: the chunks of a streamed body, each with the signature of the one before. */
export interface ChunkSigner {
  /** The signature of the headers, from which the chain starts. */
  readonly seed: string;
  /** The signature of a chunk whose bytes have this SHA-256 (hexadecimal). */
  chunk(previous: string, hash: string): Promise<string>;
  /** The signature of the trailing headers, as `name:value\n` lines. */
  trailer(previous: string, lines: string): Promise<string>;
}

interface Claim extends SignatureClaim {
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
export async function verifySignature(parts: SignedParts, credentials: Credentials, now: number): Promise<ChunkSigner> {
  const claim = parts.headers.authorization === undefined ? claimOfQuery(parts) : claimOfHeaders(parts);
  if (claim.accessKeyId !== credentials.accessKeyId) {
    throw new S3Error(
      'InvalidAccessKeyId',
      'Expected the access key of this local server, received another. Set AWS_ACCESS_KEY_ID to the one that it prints at its start.',
    );
  }
  checkTime(claim, now);
  const signer = new Resigner(claim, credentials.secretAccessKey, { uriEscapePath: false });
  if (!sameText(await signer.signatureOf(parts, claim.payloadHash), claim.signature)) {
    throw new S3Error(
      'SignatureDoesNotMatch',
      'The signature that was received is not the one calculated for this request. Check the secret access key and that nothing changes the request on its way.',
    );
  }
  return {
    seed: claim.signature,
    chunk: (previous, hash) => signer.signText(`${algorithm}-PAYLOAD`, previous, emptyHash, hash),
    trailer: (previous, lines) => signer.signText(`${algorithm}-TRAILER`, previous, sha256(lines)),
  };
}

function claimOfHeaders({ headers }: SignedParts): Claim {
  const claim = expectClaim(claimInHeaders(headers));
  const payloadHash = headers['x-amz-content-sha256'];
  if (!payloadHash) {
    throw new S3Error('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return { ...claim, payloadHash };
}

function claimOfQuery({ query, headers }: SignedParts): Claim {
  const expires = Number(query.get('X-Amz-Expires') ?? Number.NaN);
  if (query.get('X-Amz-Algorithm') !== algorithm || !Number.isInteger(expires) || expires < 0 || expires > maxExpiry) {
    throw new S3Error(
      'AuthorizationHeaderMalformed',
      `Expected X-Amz-Algorithm=${algorithm} and X-Amz-Expires of at most ${maxExpiry} seconds. Presign with Signature Version 4.`,
    );
  }
  const claim = claimOf({
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders') ?? '',
    signature: query.get('X-Amz-Signature')!,
    time: query.get('X-Amz-Date') ?? '',
  });
  const payloadHash = query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD';
  return { ...expectClaim(claim), payloadHash, expires };
}

function expectClaim(claim: SignatureClaim | undefined): SignatureClaim {
  if (claim?.service === 's3') return claim;
  throw new S3Error(
    'AuthorizationHeaderMalformed',
    'Expected "AWS4-HMAC-SHA256 Credential=<access key>/<date>/<region>/s3/aws4_request, SignedHeaders=…, Signature=…", or the same in the query, and X-Amz-Date as YYYYMMDDTHHMMSSZ on the same day. Sign for the service s3 with Signature Version 4.',
  );
}

function checkTime({ signedAt, expires }: Claim, now: number): void {
  if (expires !== undefined && now > signedAt + expires * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired. Presign the URL again.');
  }
  if (signedAt > now + maxSkew || (expires === undefined && signedAt < now - maxSkew)) {
    throw new S3Error(
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large. Set the clock.',
    );
  }
}
