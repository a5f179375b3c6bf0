import { byteRangeOf } from '../byte-range.ts';
import {
  type ChecksumType,
  checksumAlgorithmOf,
  checksumAlgorithms,
  checksumElement,
  checksumHeader,
} from '../checksums.ts';
import { writePrecondition } from '../conditions.ts';
import { S3Error } from '../errors.ts';
import { receiveBody, receiveText } from '../incoming-body.ts';
import { checkKey } from '../keys-to-paths.ts';
import { entriesOf, type Part, partEntry, partsOf, type Upload, uploadEntry, versionsOf } from '../object-index.ts';
import { tagsOfHeader } from '../object-tags.ts';
import { type Operation, owner, versionHeaders, xmlResponse } from '../operation.ts';
import { objectHeaders, type S3Request, wholeNumber } from '../request.ts';
import { fromXml } from '../xml.ts';
import { readCopySource } from './write-operations.ts';

/** S3's limits. */
const maxParts = 10_000;
const maxPage = 1000;

export const createMultipartUpload: Operation = async (request, { multipart }) => {
  checkKey(request.key);
  const algorithm = checksumAlgorithmOf(request.headers['x-amz-checksum-algorithm']);
  const type = checksumType(request, algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE');
  const upload = await multipart.create(request.bucket, {
    key: request.key,
    headers: objectHeaders(request),
    tags: tagsOfHeader(request.headers['x-amz-tagging']),
    ...(algorithm && { checksum: { algorithm, type } }),
  });
  return xmlResponse(
    'InitiateMultipartUploadResult',
    { Bucket: request.bucket, Key: request.key, UploadId: upload.uploadId },
    { 'x-amz-checksum-algorithm': algorithm, 'x-amz-checksum-type': algorithm && type },
  );
};

export const uploadPart: Operation = async (request, { store, multipart, maxBytes }) => {
  const number = partNumberOf(request);
  const upload = await multipart.get(request.bucket, request.key, uploadIdOf(request));
  const arrived = await receiveBody(request, store.files, { maxBytes, algorithm: upload.checksum?.algorithm });
  const part = await multipart.putPart(request.bucket, upload, number, arrived);
  const checksum = part.checksum && { [checksumHeader(part.checksum.algorithm)]: part.checksum.value };
  return { status: 200, headers: { etag: `"${part.etag}"`, ...checksum } };
};

export const uploadPartCopy: Operation = async (request, { store, multipart, maxBytes }) => {
  const number = partNumberOf(request);
  const upload = await multipart.get(request.bucket, request.key, uploadIdOf(request));
  const range = (size: number) => byteRangeOf(request.headers['x-amz-copy-source-range'], size);
  const { version, arrived } = await readCopySource(store, request, maxBytes, upload.checksum?.algorithm, range);
  const part = await multipart.putPart(request.bucket, upload, number, arrived);
  return xmlResponse(
    'CopyPartResult',
    { LastModified: new Date(part.modified).toISOString(), ETag: `"${part.etag}"`, ...checksumElement(part.checksum) },
    { 'x-amz-copy-source-version-id': versionHeaders(version)['x-amz-version-id'] },
  );
};

export const completeMultipartUpload: Operation = async (request, { multipart }) => {
  const document = fromXml(await receiveText(request), 'CompleteMultipartUpload');
  const listed = document.all('Part').map((part) => ({
    number: Number(part.text('PartNumber')),
    etag: (part.text('ETag') ?? '').replaceAll('"', '').trim(),
  }));
  if (
    listed.length === 0 ||
    listed.some(({ number }) => !Number.isInteger(number) || number < 1 || number > maxParts)
  ) {
    throw new S3Error('MalformedXML', `Expected parts with numbers from 1 to ${maxParts}.`);
  }
  const upload = { key: request.key, uploadId: uploadIdOf(request) };
  const version = await multipart.complete(request.bucket, upload, listed, {
    checksum: checksumAlgorithms.map((algorithm) => request.headers[checksumHeader(algorithm)]).find(Boolean),
    precondition: writePrecondition(request),
  });
  return xmlResponse(
    'CompleteMultipartUploadResult',
    {
      Location: `http://${request.headers.host}${request.path}`,
      Bucket: request.bucket,
      Key: request.key,
      ETag: `"${version.etag}"`,
      ...checksumElement(version.checksum),
      ChecksumType: version.checksum?.type,
    },
    versionHeaders(version),
  );
};

export const abortMultipartUpload: Operation = async (request, { multipart }) => {
  await multipart.abort(request.bucket, request.key, uploadIdOf(request));
  return { status: 204 };
};

export const listParts: Operation = async (request, { store, multipart }) => {
  const upload = await multipart.get(request.bucket, request.key, uploadIdOf(request));
  const marker = wholeNumber(request, 'part-number-marker', 0);
  const limit = Math.min(wholeNumber(request, 'max-parts', maxPage), maxPage);
  const from = partEntry(upload.uploadId, marker + 1);
  const { page, truncated } = await pageOf(store.index.scan('parts', partsOf(upload.uploadId), from), limit);
  return xmlResponse('ListPartsResult', {
    Bucket: request.bucket,
    Key: request.key,
    UploadId: upload.uploadId,
    Initiator: owner,
    Owner: owner,
    StorageClass: 'STANDARD',
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? marker,
    MaxParts: limit,
    IsTruncated: truncated,
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
    Part: page.map((part: Part) => ({
      PartNumber: part.number,
      LastModified: new Date(part.modified).toISOString(),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...checksumElement(part.checksum),
    })),
  });
};

export const listMultipartUploads: Operation = async ({ query, bucket, ...request }, { store }) => {
  await store.bucket(bucket);
  const prefix = query.get('prefix') ?? '';
  const keyMarker = query.get('key-marker') ?? '';
  const idMarker = query.get('upload-id-marker') ?? '';
  const limit = Math.min(wholeNumber({ query, bucket, ...request }, 'max-uploads', maxPage), maxPage);
  const behind = idMarker
    ? `${uploadEntry(bucket, keyMarker, idMarker)}\0`
    : `${versionsOf(bucket, keyMarker)}\u{10ffff}`;
  const uploads = store.index.scan('uploads', entriesOf(bucket) + prefix, keyMarker ? behind : undefined);
  const { page, truncated } = await pageOf(uploads, limit);
  const last = page.at(-1);
  return xmlResponse('ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: prefix,
    KeyMarker: keyMarker,
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? last?.key : undefined,
    NextUploadIdMarker: truncated ? last?.uploadId : undefined,
    MaxUploads: limit,
    IsTruncated: truncated,
    Upload: page.map((upload: Upload) => ({
      Key: upload.key,
      UploadId: upload.uploadId,
      Initiator: owner,
      Owner: owner,
      StorageClass: 'STANDARD',
      Initiated: new Date(upload.initiated).toISOString(),
    })),
  });
};

function uploadIdOf({ query }: S3Request): string {
  return query.get('uploadId')!;
}

function partNumberOf(request: S3Request): number {
  if (!request.query.has('partNumber'))
    throw new S3Error('InvalidArgument', 'Expected a partNumber beside the uploadId.');
  return wholeNumber(request, 'partNumber', 1, 1, maxParts);
}

function checksumType({ headers }: S3Request, fallback: ChecksumType): ChecksumType {
  const type = headers['x-amz-checksum-type'] ?? fallback;
  if (type === 'COMPOSITE' || type === 'FULL_OBJECT') return type;
  throw new S3Error('InvalidRequest', 'Expected COMPOSITE or FULL_OBJECT as x-amz-checksum-type.');
}

async function pageOf<T>(entries: AsyncIterable<T>, limit: number): Promise<{ page: T[]; truncated: boolean }> {
  const page: T[] = [];
  for await (const entry of entries) {
    if (page.length >= limit) return { page, truncated: limit > 0 };
    page.push(entry);
  }
  return { page, truncated: false };
}
