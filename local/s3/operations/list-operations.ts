import { S3Error } from '../errors.ts';
import { type Listed, listPage } from '../listing.ts';
import type { ObjectVersion } from '../object-index.ts';
import { type Operation, owner, xmlResponse } from '../operation.ts';
import { type S3Request, wholeNumber } from '../request.ts';

/** S3's largest page. */
const maxPage = 1000;

export const listObjectsV2: Operation = async (request, { store }) => {
  await store.bucket(request.bucket);
  const { prefix, delimiter, limit, encode, EncodingType } = listingOf(request);
  const token = request.query.get('continuation-token');
  const startAfter = request.query.get('start-after') ?? '';
  const after = token === null ? startAfter : fromToken(token);
  const page = await listPage(store.index, request.bucket, 'live', { prefix, delimiter, after, limit });
  const last = page.items.at(-1);
  return xmlResponse('ListBucketResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: limit,
    EncodingType,
    KeyCount: page.items.length,
    IsTruncated: page.truncated,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: page.truncated ? toToken(nameOf(last!)) : undefined,
    StartAfter: startAfter ? encode(startAfter) : undefined,
    Contents: contentsOf(page.items, encode, request.query.get('fetch-owner') === 'true'),
    CommonPrefixes: commonPrefixes(page.items, encode),
  });
};

export const listObjects: Operation = async (request, { store }) => {
  await store.bucket(request.bucket);
  const { prefix, delimiter, limit, encode, EncodingType } = listingOf(request);
  const after = request.query.get('marker') ?? '';
  const page = await listPage(store.index, request.bucket, 'live', { prefix, delimiter, after, limit });
  return xmlResponse('ListBucketResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    Marker: encode(after),
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: limit,
    EncodingType,
    IsTruncated: page.truncated,
    NextMarker: page.truncated ? encode(nameOf(page.items.at(-1)!)) : undefined,
    Contents: contentsOf(page.items, encode, true),
    CommonPrefixes: commonPrefixes(page.items, encode),
  });
};

export const listObjectVersions: Operation = async (request, { store }) => {
  await store.bucket(request.bucket);
  const { prefix, delimiter, limit, encode, EncodingType } = listingOf(request);
  const after = request.query.get('key-marker') ?? '';
  const afterVersion = request.query.get('version-id-marker') || undefined;
  const page = await listPage(store.index, request.bucket, 'versions', {
    prefix,
    delimiter,
    after,
    afterVersion,
    limit,
  });
  const last = page.items.at(-1);
  const versions = page.items.filter((item) => item.version !== undefined);
  const described = (version: ObjectVersion, isNewest: boolean) => ({
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: isNewest,
    LastModified: new Date(version.modified).toISOString(),
    Owner: owner,
  });
  return xmlResponse('ListVersionsResult', {
    Name: request.bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(after),
    VersionIdMarker: afterVersion,
    Delimiter: delimiter ? encode(delimiter) : undefined,
    MaxKeys: limit,
    EncodingType,
    IsTruncated: page.truncated,
    NextKeyMarker: page.truncated ? encode(nameOf(last!)) : undefined,
    NextVersionIdMarker: page.truncated ? last?.version?.versionId : undefined,
    Version: versions
      .filter(({ version }) => !version.deleteMarker)
      .map(({ version, isNewest }) => ({ ...described(version, isNewest), ...contentOf(version) })),
    DeleteMarker: versions
      .filter(({ version }) => version.deleteMarker)
      .map(({ version, isNewest }) => described(version, isNewest)),
    CommonPrefixes: commonPrefixes(page.items, encode),
  });
};

function listingOf(request: S3Request) {
  const EncodingType = request.query.get('encoding-type') || undefined;
  if (EncodingType !== undefined && EncodingType !== 'url') {
    throw new S3Error('InvalidArgument', 'Expected url as the encoding-type.');
  }
  return {
    prefix: request.query.get('prefix') ?? '',
    delimiter: request.query.get('delimiter') ?? '',
    limit: Math.min(wholeNumber(request, 'max-keys', maxPage), maxPage),
    EncodingType,
    encode: EncodingType ? encodeName : (name: string) => name,
  };
}

/** Slashes stay; a space is %20, which decoders that read `+` as a space and those that do not both understand. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll('%2F', '/');
}

function contentsOf(items: readonly Listed[], encode: (name: string) => string, withOwner: boolean) {
  return items
    .filter((item) => item.version !== undefined)
    .map(({ version }) => ({
      Key: encode(version.key),
      LastModified: new Date(version.modified).toISOString(),
      ...contentOf(version),
      Owner: withOwner ? owner : undefined,
    }));
}

function contentOf(version: ObjectVersion) {
  return {
    ETag: `"${version.etag}"`,
    Size: version.size,
    ChecksumAlgorithm: version.checksum?.algorithm,
    ChecksumType: version.checksum?.type,
    StorageClass: version.headers['x-amz-storage-class'] ?? 'STANDARD',
  };
}

function commonPrefixes(items: readonly Listed[], encode: (name: string) => string) {
  return items.filter((item) => item.version === undefined).map(({ prefix }) => ({ Prefix: encode(prefix) }));
}

function nameOf(item: Listed): string {
  return item.version === undefined ? item.prefix : item.version.key;
}

function toToken(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function fromToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (token !== '' && toToken(name) === token) return name;
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect.');
}
