import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** An object of a bucket, as its listing has it. */
export interface BucketPhoto {
  readonly key: string;
  readonly eTag: string;
  /** In bytes. */
  readonly size: number;
}

/** All objects under a prefix that have content, in the bucket's order. */
export async function photosUnder(client: S3Client, bucket: string, prefix: string): Promise<BucketPhoto[]> {
  const photos: BucketPhoto[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix })) {
    for (const { Key = '', ETag = '', Size = 0 } of Contents)
      if (Size > 0) photos.push({ key: Key, eTag: ETag, size: Size });
  }
  return photos;
}

/** The bytes of an object. */
export async function bytesOf(client: S3Client, bucket: string, key: string): Promise<Uint8Array> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Body!.transformToByteArray();
}
