import { type ByteRange, byteRangeOf } from '../byte-range.ts';
import { checksumHeader } from '../checksums.ts';
import { checkReadConditions } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import type { ObjectVersion } from '../object-index.ts';
import { type Operation, versionHeaders } from '../operation.ts';
import { headerValue, type S3Request, wholeNumber } from '../request.ts';

/** Headers of the answer that a request can set, by the query parameter that does. */
const overrides = {
  'response-cache-control': 'cache-control',
  'response-content-disposition': 'content-disposition',
  'response-content-encoding': 'content-encoding',
  'response-content-language': 'content-language',
  'response-content-type': 'content-type',
  'response-expires': 'expires',
} as const;

export const getObject: Operation = async (request, { store }) => {
  const { version, file } = await store.read(request.bucket, request.key, versionIdOf(request));
  try {
    const { status, headers, range } = answerFor(request, version);
    if (version.size === 0) {
      await file.close();
      return { status, headers, body: '' };
    }
    return { status, headers, body: file.createReadStream(range) };
  } catch (error) {
    await file.close();
    throw error;
  }
};

export const headObject: Operation = async (request, { store }) => {
  const version = await store.find(request.bucket, request.key, versionIdOf(request));
  const { status, headers } = answerFor(request, version);
  return { status, headers };
};

/** The version that a request names; undefined for the newest. */
export function versionIdOf({ query }: Pick<S3Request, 'query'>): string | undefined {
  return query.get('versionId') || undefined;
}

function answerFor(request: S3Request, version: ObjectVersion) {
  checkReadConditions(request, version);
  const part = partOf(request, version);
  const range = part ?? byteRangeOf(request.headers.range, version.size);
  const headers: Record<string, string | undefined> = {
    ...version.headers,
    ...versionHeaders(version),
    'accept-ranges': 'bytes',
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.modified).toUTCString(),
    'content-length': String(range ? range.end - range.start + 1 : version.size),
    'content-range': range && `bytes ${range.start}-${range.end}/${version.size}`,
    'x-amz-tagging-count': Object.keys(version.tags).length > 0 ? String(Object.keys(version.tags).length) : undefined,
    'x-amz-mp-parts-count': part && String(version.partSizes?.length ?? 1),
  };
  if (version.checksum && !range && request.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED') {
    headers[checksumHeader(version.checksum.algorithm)] = version.checksum.value;
    headers['x-amz-checksum-type'] = version.checksum.type;
  }
  for (const [parameter, name] of Object.entries(overrides)) {
    const value = request.query.get(parameter);
    if (value !== null) headers[name] = headerValue(name, value);
  }
  return { status: range ? 206 : 200, headers, range };
}

/** The bytes of one part of a multipart upload; any other object is one part. */
function partOf(request: S3Request, { size, partSizes = [size] }: ObjectVersion): ByteRange | undefined {
  if (!request.query.has('partNumber') || size === 0) return undefined;
  const number = wholeNumber(request, 'partNumber', 1, 1, 10_000);
  if (number > partSizes.length) throw new S3Error('InvalidRange', 'The requested partnumber is not satisfiable.');
  const start = partSizes.slice(0, number - 1).reduce((sum, bytes) => sum + bytes, 0);
  return { start, end: start + partSizes[number - 1]! - 1 };
}
