import { type ChecksumAlgorithm, checksumAlgorithmOf, checksumElement, checksumHeader } from '../checksums.ts';
import { checkCopyConditions, writePrecondition } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import { receiveBody, receiveText, storeBytes } from '../incoming-body.ts';
import { checkKey } from '../keys-to-paths.ts';
import type { ObjectVersion } from '../object-index.ts';
import type { ObjectStore } from '../object-store.ts';
import { tagsOfHeader } from '../object-tags.ts';
import { type Operation, versionHeaders, xmlResponse } from '../operation.ts';
import { objectHeaders, type S3Request } from '../request.ts';
import { fromXml } from '../xml.ts';
import { versionIdOf } from './read-operations.ts';

/** S3's limit of one DeleteObjects. */
const maxDeletes = 1000;

export const putObject: Operation = async (request, { store, maxBytes }) => {
  checkKey(request.key);
  await store.bucket(request.bucket);
  const draft = {
    key: request.key,
    headers: objectHeaders(request),
    tags: tagsOfHeader(request.headers['x-amz-tagging']),
  };
  const precondition = writePrecondition(request);
  const arrived = await receiveBody(request, store.files, { maxBytes, algorithm: askedAlgorithm(request) });
  const whole = { ...draft, checksum: arrived.checksum };
  const version = await store.put(request.bucket, whole, arrived, 'ObjectCreated:Put', precondition);
  return { status: 200, headers: writtenHeaders(version) };
};

export const copyObject: Operation = async (request, { store, maxBytes }) => {
  checkKey(request.key);
  await store.bucket(request.bucket);
  const from = copySourceOf(request);
  const replaces = directive(request, 'x-amz-metadata-directive');
  if (!replaces && from.bucket === request.bucket && from.key === request.key && !from.versionId) {
    throw new S3Error(
      'InvalidRequest',
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  }
  const { version: source, arrived } = await readCopySource(store, request, maxBytes, askedAlgorithm(request));
  const draft = {
    key: request.key,
    headers: replaces ? objectHeaders(request) : source.headers,
    tags: directive(request, 'x-amz-tagging-directive') ? tagsOfHeader(request.headers['x-amz-tagging']) : source.tags,
    checksum: arrived.checksum,
  };
  const version = await store.put(request.bucket, draft, arrived, 'ObjectCreated:Copy', writePrecondition(request));
  return xmlResponse(
    'CopyObjectResult',
    {
      LastModified: new Date(version.modified).toISOString(),
      ETag: `"${version.etag}"`,
      ...checksumElement(version.checksum),
      ChecksumType: version.checksum?.type,
    },
    { ...versionHeaders(version), 'x-amz-copy-source-version-id': versionHeaders(source)['x-amz-version-id'] },
  );
};

export const deleteObject: Operation = async (request, { store }) => {
  const removed = await removeOne(store, request.bucket, request.key, versionIdOf(request));
  return {
    status: 204,
    headers: { ...versionHeaders(removed), 'x-amz-delete-marker': removed?.deleteMarker && 'true' },
  };
};

export const deleteObjects: Operation = async (request, { store }) => {
  await store.bucket(request.bucket);
  const document = fromXml(await receiveText(request), 'Delete');
  const objects = document.all('Object');
  if (objects.length === 0 || objects.length > maxDeletes) {
    throw new S3Error('MalformedXML', `Expected 1 to ${maxDeletes} objects to delete, received ${objects.length}.`);
  }
  const Deleted = [];
  const Errors = [];
  for (const object of objects) {
    const Key = object.text('Key') ?? '';
    const VersionId = object.text('VersionId') || undefined;
    try {
      const removed = await removeOne(store, request.bucket, Key, VersionId);
      const marker = removed?.deleteMarker && { DeleteMarker: true, DeleteMarkerVersionId: removed.versionId };
      Deleted.push({ Key, VersionId, ...marker });
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      Errors.push({ Key, VersionId, Code: error.code, Message: error.message });
    }
  }
  const quiet = document.text('Quiet')?.trim() === 'true';
  return xmlResponse('DeleteResult', { Deleted: quiet ? [] : Deleted, Error: Errors });
};

/** The source of a copy: `/<bucket>/<key>[?versionId=…]`, URL-encoded. @throws S3Error InvalidArgument */
function copySourceOf({ headers }: Pick<S3Request, 'headers'>): {
  bucket: string;
  key: string;
  versionId?: string;
} {
  const [path, query] = headers['x-amz-copy-source']!.split('?versionId=') as [string, string?];
  const match = /^\/?([^/]+)\/(.+)$/s.exec(safelyDecoded(path));
  if (!match) throw new S3Error('InvalidArgument', 'Expected x-amz-copy-source as <bucket>/<key>, URL-encoded.');
  return { bucket: match[1]!, key: match[2]!, ...(query && { versionId: query }) };
}

/** Reads the source of a copy into a file of its own, and checks the copy's conditions. */
export async function readCopySource(
  store: ObjectStore,
  request: S3Request,
  maxBytes: number,
  asked: ChecksumAlgorithm | undefined,
  rangeOf: (size: number) => { start: number; end: number } | undefined = () => undefined,
) {
  const from = copySourceOf(request);
  const { version, file } = await store.read(from.bucket, from.key, from.versionId);
  try {
    checkCopyConditions(request, version);
    if (version.size > maxBytes) throw new S3Error('EntityTooLarge', `Expected at most ${maxBytes} bytes to copy.`);
    const range = rangeOf(version.size);
    const algorithm = asked ?? version.checksum?.algorithm;
    const bytes = file.createReadStream({ ...range, autoClose: false });
    return { version, arrived: await storeBytes(bytes, store.files, algorithm) };
  } finally {
    await file.close();
  }
}

/** The checksum that the client asks for by name, without giving it. */
function askedAlgorithm({ headers }: Pick<S3Request, 'headers'>): ChecksumAlgorithm | undefined {
  return checksumAlgorithmOf(headers['x-amz-checksum-algorithm'] ?? headers['x-amz-sdk-checksum-algorithm']);
}

function writtenHeaders(version: ObjectVersion): Record<string, string> {
  return {
    etag: `"${version.etag}"`,
    ...versionHeaders(version),
    ...(version.checksum && {
      [checksumHeader(version.checksum.algorithm)]: version.checksum.value,
      'x-amz-checksum-type': version.checksum.type,
    }),
  };
}

async function removeOne(
  store: ObjectStore,
  bucket: string,
  key: string,
  versionId: string | undefined,
): Promise<ObjectVersion | undefined> {
  checkKey(key);
  return versionId === undefined ? store.remove(bucket, key) : store.removeVersion(bucket, key, versionId);
}

function directive({ headers }: S3Request, name: string): boolean {
  const value = headers[name] ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value === 'REPLACE';
  throw new S3Error('InvalidArgument', `Expected COPY or REPLACE as ${name}.`);
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw new S3Error('InvalidArgument', 'Expected x-amz-copy-source URL-encoded.', { cause });
  }
}
