import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { RequestError, UnavailableError } from '../core/errors.ts';
import type { ImageStore } from '../core/ports.ts';
import type { ImageSource } from '../core/records.ts';
import { isNamed, unavailableOr } from './aws-failures.ts';
import { imageTooLarge } from './image-too-large.ts';

/** The bucket. Objects larger than `maxImageBytes` are not read. */
export function createS3ImageStore(
  client: S3Client,
  { maxImageBytes }: { readonly maxImageBytes: number },
): ImageStore {
  return {
    async read(source) {
      const object = await getObject(client, source);
      if (!object) return undefined;
      const bytes = await readBody(object, maxImageBytes);
      return { bytes, eTag: (object.ETag ?? '').replaceAll('"', '') };
    },

    async remove(source) {
      for await (const versions of versionsOf(client, source)) {
        if (versions.length > 0) await deleteVersions(client, source, versions);
      }
    },

    async *list(bucket, prefix) {
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      }
    },
  };
}

/**
 * A key of more than S3's 1,024 bytes cannot be there either, nor can a version whose id is none (InvalidArgument); one that marks a deletion has no content
 * (MethodNotAllowed).
 * @throws RequestError PHOTO_NOT_FOUND when it may not be read
 */
async function getObject(
  client: S3Client,
  { bucket, key, versionId }: ImageSource,
): Promise<GetObjectCommandOutput | undefined> {
  try {
    return await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }));
  } catch (error) {
    if (isNamed(error, 'NoSuchKey', 'NoSuchVersion', 'KeyTooLongError')) return undefined;
    if (versionId !== undefined && isNamed(error, 'InvalidArgument', 'MethodNotAllowed')) return undefined;
    if (!isNamed(error, 'AccessDenied')) throw error;
    throw new RequestError(
      'PHOTO_NOT_FOUND',
      `Expected a photo that this service may read, was denied "${key}". It reads people/, photos/ and collections/; put the photo there, or look at its permission s3:GetObject.`,
      { cause: error },
    );
  }
}

/** Trusts the length that is announced only as far as it refuses; what arrives is counted, too. */
async function readBody({ Body, ContentLength = 0 }: GetObjectCommandOutput, maxBytes: number): Promise<Uint8Array> {
  const body = Body as Readable;
  if (ContentLength > maxBytes) {
    body.destroy();
    throw imageTooLarge(maxBytes, ContentLength);
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes) throw imageTooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    throw unavailableOr('S3', error);
  }
  return Buffer.concat(chunks, length);
}

/**
 * The versions and delete markers of a key, page by page: at most 1,000, which is also what one call deletes. Keys come in order, so those that only
 * begin with it end the list.
 */
async function* versionsOf(client: S3Client, { bucket, key }: ImageSource): AsyncGenerator<ObjectIdentifier[]> {
  let next: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } | undefined = {};
  while (next) {
    const command: ListObjectVersionsCommand = new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key, ...next });
    const page = await client.send(command);
    // Listed newest first. The oldest goes first and markers last, so that no older version shows up in between.
    const listed = [...(page.Versions ?? []).reverse(), ...(page.DeleteMarkers ?? [])];
    yield listed.filter(({ Key }) => Key === key).map(({ VersionId }) => ({ Key: key, VersionId }));
    const more = page.IsTruncated && page.NextKeyMarker === key;
    next = more ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker } : undefined;
  }
}

async function deleteVersions(
  client: S3Client,
  { bucket }: ImageSource,
  versions: readonly ObjectIdentifier[],
): Promise<void> {
  const command = new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [...versions], Quiet: true } });
  const { Errors = [] } = await client.send(command);
  if (Errors.length === 0) return;
  throw new UnavailableError(
    `Expected the bucket to delete ${versions.length} versions, it kept ${Errors.length} (${[...new Set(Errors.map(({ Code }) => Code))].join(', ')}). Try again; when it stays, look at the permission s3:DeleteObjectVersion and at object locks.`,
  );
}
