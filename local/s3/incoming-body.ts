import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import {
  type Checksum,
  type ChecksumAlgorithm,
  checksumAlgorithmOf,
  checksumAlgorithms,
  checksumHeader,
  type Digest,
  hashDigest,
  startChecksum,
} from './checksums.ts';
import { decodeChunks, type Trailers } from './chunked-body.ts';
import type { DataFiles, Location } from './data-files.ts';
import { S3Error } from './errors.ts';
import type { S3Request } from './request.ts';

/** XML documents (the longest names 1,000 keys to delete) are not larger. */
const maxDocumentBytes = 8 * 1024 * 1024;

/** Bytes that have arrived whole, and what they are. */
export interface Arrived {
  readonly at: Location;
  readonly size: number;
  /** Hexadecimal. */
  readonly md5: string;
  /** By the algorithm that the client used or that was asked for. */
  readonly checksum?: Checksum;
}

interface Expected {
  readonly name: string;
  readonly digest: Digest;
  /** Text form of the digest that the client announced; read at the end, because it may come in a trailer. */
  readonly announced: () => string | undefined;
  readonly encoding: 'hex' | 'base64';
  readonly mismatch: 'BadDigest' | 'XAmzContentSHA256Mismatch';
}

/**
 * Writes a request's body to a new file of the state folder and verifies everything that the client said of it: its length, Content-MD5,
 * x-amz-content-sha256, the checksum in a header or a trailer, the signatures of its chunks. Leaves no file when it throws.
 * @throws S3Error EntityTooLarge, IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, SignatureDoesNotMatch, InvalidRequest, InvalidDigest
 */
export async function receiveBody(
  request: S3Request,
  files: DataFiles,
  { maxBytes, algorithm }: { readonly maxBytes: number; readonly algorithm?: ChecksumAlgorithm | undefined },
): Promise<Arrived> {
  const trailers: Trailers = new Map();
  const declared = declaredAlgorithm(request) ?? algorithm;
  return storeBytes(verifiedBytes(request, trailers, maxBytes), files, declared);
}

/** Writes bytes to a new file of the state folder, with the checksum that is asked for. Leaves no file when the source fails. */
export async function storeBytes(
  source: AsyncIterable<Uint8Array>,
  files: DataFiles,
  algorithm?: ChecksumAlgorithm | undefined,
): Promise<Arrived> {
  const at = files.arriving();
  const md5 = hashDigest('md5');
  const checksum = algorithm && startChecksum(algorithm);
  let size = 0;
  const measured = async function* () {
    for await (const bytes of source) {
      md5.update(bytes);
      checksum?.update(bytes);
      size += bytes.length;
      yield bytes;
    }
  };
  try {
    await pipeline(measured, createWriteStream(files.absolute(at), { flags: 'wx' }));
  } catch (error) {
    await rm(files.absolute(at), { force: true });
    throw error;
  }
  return {
    at,
    size,
    md5: (await md5.digest()).toString('hex'),
    ...(algorithm && {
      checksum: { algorithm, type: 'FULL_OBJECT', value: (await checksum!.digest()).toString('base64') },
    }),
  };
}

/** Reads a request's body as text, verified like an object's. */
export async function receiveText(request: S3Request): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of verifiedBytes(request, new Map(), maxDocumentBytes)) pieces.push(bytes);
  return Buffer.concat(pieces).toString();
}

async function* verifiedBytes(request: S3Request, trailers: Trailers, maxBytes: number): AsyncGenerator<Uint8Array> {
  const expected = expectations(request, trailers);
  const length = announcedLength(request);
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes);
  let size = 0;
  for await (const bytes of unframed(request, trailers)) {
    size += bytes.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    for (const { digest } of expected) digest.update(bytes);
    yield bytes;
  }
  if (length !== undefined && length !== size) {
    throw new S3Error('IncompleteBody', `Expected a body of ${length} bytes, received ${size}. Send it again.`);
  }
  for (const { name, digest, announced, encoding, mismatch } of expected) {
    const calculated = (await digest.digest()).toString(encoding);
    if (announced() === calculated) continue;
    throw new S3Error(
      mismatch,
      `The ${name} that was sent does not match the body, for which ${calculated} was calculated. Send it again.`,
    );
  }
}

function unframed(request: S3Request, trailers: Trailers): AsyncIterable<Uint8Array> {
  const mode = request.headers['x-amz-content-sha256'] ?? '';
  // A body that is refused half-way must not be destroyed: its connection carries the answer.
  const body = request.body.iterator({ destroyOnReturn: false });
  if (!mode.startsWith('STREAMING-')) return body;
  if (mode === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') return decodeChunks(body, trailers);
  if (mode.startsWith('STREAMING-AWS4-HMAC-SHA256-PAYLOAD')) return decodeChunks(body, trailers, request.signer);
  throw new S3Error('NotImplemented', `This local server does not read a body of the kind ${mode}.`);
}

function announcedLength({ headers }: S3Request): number | undefined {
  const isFramed = headers['x-amz-content-sha256']?.startsWith('STREAMING-');
  const text = headers[isFramed ? 'x-amz-decoded-content-length' : 'content-length'];
  if (text === undefined) return undefined;
  const length = Number(text);
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw new S3Error('InvalidArgument', 'Expected the length of the body as a whole number of bytes.');
}

function expectations({ headers }: S3Request, trailers: Trailers): Expected[] {
  const found: Expected[] = [];
  const md5 = headers['content-md5'];
  if (md5 !== undefined) {
    if (Buffer.from(md5, 'base64').length !== 16) {
      throw new S3Error('InvalidDigest', 'Expected Content-MD5 as 16 bytes in Base64.');
    }
    found.push(expectation('Content-MD5', hashDigest('md5'), () => md5));
  }
  const hash = headers['x-amz-content-sha256'] ?? '';
  if (/^[0-9a-f]{64}$/.test(hash)) {
    found.push({
      name: 'x-amz-content-sha256',
      digest: hashDigest('sha256'),
      announced: () => hash,
      encoding: 'hex',
      mismatch: 'XAmzContentSHA256Mismatch',
    });
  }
  for (const algorithm of checksumAlgorithms) {
    const name = checksumHeader(algorithm);
    const value = headers[name];
    const trailing = headers['x-amz-trailer']?.toLowerCase() === name;
    if (value === undefined && !trailing) continue;
    found.push(expectation(name, startChecksum(algorithm), () => value ?? trailers.get(name)));
  }
  return found;
}

function expectation(name: string, digest: Digest, announced: () => string | undefined): Expected {
  return { name, digest, announced, encoding: 'base64', mismatch: 'BadDigest' };
}

/** The algorithm of the checksum that comes with the body, in a header or a trailer. */
function declaredAlgorithm({ headers }: S3Request): ChecksumAlgorithm | undefined {
  const inHeader = checksumAlgorithms.find((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  return inHeader ?? checksumAlgorithmOf(headers['x-amz-trailer']?.replace(/^x-amz-checksum-/i, ''));
}

function tooLarge(maxBytes: number): S3Error {
  return new S3Error('EntityTooLarge', `Expected at most ${maxBytes} bytes. Send less, or raise the server's limit.`);
}
