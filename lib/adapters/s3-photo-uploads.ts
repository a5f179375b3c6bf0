import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { PhotoUploads } from '../core/ports.ts';

/**
 * Signs uploads by the client's own credentials. Without a network call; an address is good for as long as those credentials are, too. The length is one of the
 * signed headers, so the bucket takes exactly so many bytes.
 * @param client one of `createS3Client`: by default an address says the checksum of the bytes that the command has, which are none
 */
export function createS3PhotoUploads(client: S3Client): PhotoUploads {
  return {
    async sign({ bucket, key, bytes }, seconds) {
      const command = new PutObjectCommand({ Bucket: bucket, Key: key, ContentLength: bytes });
      const url = await getSignedUrl(client, command, {
        expiresIn: seconds,
        signableHeaders: new Set(['host', 'content-length']),
      });
      return { url, headers: { 'content-length': String(bytes) } };
    },
  };
}
