import { z } from 'zod';
import { ImageRejectedError } from '../../../lib/core/errors.ts';
import type { PhotoInput, PhotoPorts } from '../../../lib/core/photo-faces.ts';
import { photoSize } from '../../../lib/vision/image.ts';
import type { ApiPorts } from '../http/app.ts';
import { RekognitionError } from './errors.ts';

const megabyte = 1024 * 1024;
/** Limits of "Guidelines and quotas in Amazon Rekognition": bytes that come in the request, bytes of an object, pixels on the shorter side. */
const limits = { bytes: 5 * megabyte, object: 15 * megabyte, side: 80 } as const;

const s3Object = z.object({
  Bucket: z
    .string()
    .min(3)
    .max(255)
    .regex(/^[0-9A-Za-z.\-_]*$/),
  Name: z.string().min(1).max(1024),
  Version: z.string().min(1).max(1024).optional(),
});

/** Base64, as AWS's clients write it: in one line and padded. */
const bytes = z.string().transform((digits, { addIssue }) => {
  const unpadded = digits.replace(/={1,2}$/, '');
  if (unpadded && digits.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(unpadded)) return Buffer.from(digits, 'base64');
  addIssue('expected the bytes of a photo in base64');
  return z.NEVER;
});

/** A photo: base64, or where it lies in the bucket. */
export const imageSchema = z
  .object({ Bytes: bytes.optional(), S3Object: s3Object.optional() })
  .transform(({ Bytes, S3Object }, { addIssue }) => {
    if (Bytes && !S3Object) return { Bytes };
    if (S3Object && !Bytes) return { S3Object };
    addIssue(`expected Bytes or S3Object, received ${Bytes ? 'both' : 'neither'}`);
    return z.NEVER;
  });
export type Image = z.output<typeof imageSchema>;

/**
 * The photo that an image stands for.
 * @throws ImageRejectedError IMAGE_TOO_LARGE
 * @throws RekognitionError InvalidS3ObjectException when it lies in another bucket
 */
export function photoOf(image: Image, { bucket }: Pick<ApiPorts, 'bucket'>): PhotoInput {
  if ('Bytes' in image) {
    const { Bytes: bytes } = image;
    if (bytes.length > limits.bytes)
      throw tooLarge(limits.bytes, bytes.length, 'Put it into the bucket and send it as S3Object');
    return { bytes };
  }
  const { Bucket, Name: key, Version: versionId } = image.S3Object;
  if (Bucket === bucket) return { bucket, key, ...(versionId && { versionId }) };
  throw new RekognitionError(
    'InvalidS3ObjectException',
    `Unable to get object metadata from S3. Expected an object of the bucket "${bucket}", the only one that is read here, received one of "${Bucket}". Copy the photo there, or send its bytes.`,
  );
}

/** The ports, held to the protocol's limits of objects and of small photos. */
export function withinLimits<P extends Pick<PhotoPorts, 'store' | 'decoder'>>(ports: P): P {
  return {
    ...ports,
    store: {
      ...ports.store,
      async read(source) {
        const object = await ports.store.read(source);
        if (object && object.bytes.length > limits.object)
          throw tooLarge(limits.object, object.bytes.length, 'Use a smaller copy of it');
        return object;
      },
    },
    decoder: {
      async decode(bytes) {
        const photo = await ports.decoder.decode(bytes);
        const { width, height } = photoSize(photo);
        if (Math.min(width, height) >= limits.side) return photo;
        throw new ImageRejectedError(
          'IMAGE_TOO_SMALL',
          `Expected a photo of at least ${limits.side} pixels on each side, received ${width} × ${height}. Use a larger one.`,
        );
      },
    },
  };
}

function tooLarge(limit: number, received: number, remedy: string): ImageRejectedError {
  return new ImageRejectedError(
    'IMAGE_TOO_LARGE',
    `Expected a photo of at most ${limit} bytes, received ${received}. ${remedy}.`,
  );
}
