import { GetObjectCommand, paginateListObjectsV2, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { RequestError, UnavailableError } from '../../lib/core/errors.ts';

/** An object of a bucket, as its listing has it. */
export interface BucketPhoto {
  readonly key: string;
  readonly eTag: string;
  /** In bytes. */
  readonly size: number;
}

/**
 * All objects under a prefix that have content, in the bucket's order.
 * @throws RequestError INVALID_REQUEST when the bucket cannot be listed so, or there is nothing
 * @throws UnavailableError when it does not answer
 */
export async function photosUnder(client: S3Client, bucket: string, prefix: string): Promise<BucketPhoto[]> {
  const photos: BucketPhoto[] = [];
  try {
    for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
      for (const { Key = '', ETag = '', Size = 0 } of Contents)
        if (Size > 0) photos.push({ key: Key, eTag: ETag, size: Size });
    }
  } catch (cause) {
    if (cause instanceof S3ServiceException && cause.$fault === 'client') {
      throw new RequestError(
        'INVALID_REQUEST',
        `Expected to list the bucket ${bucket}, received ${cause.name}: ${cause.message} Check its name, and whose credentials these are.`,
      );
    }
    throw new UnavailableError(
      `Expected the bucket ${bucket} to be listed, it was not. Check --s3-endpoint, or the region and the credentials of AWS.`,
      { cause },
    );
  }
  if (photos.length > 0) return photos;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected photos in the bucket ${bucket} under ${JSON.stringify(prefix)}, found none. Check --bucket and --prefix.`,
  );
}

/** The bytes of an object. */
export async function bytesOf(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Body!.transformToByteArray();
}
