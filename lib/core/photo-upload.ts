import { RequestError } from './errors.ts';
import { longestKey, meaningOfKey, personPrefix, photosPrefix } from './keys.ts';
import type { PhotoUploads } from './ports.ts';

export interface UploadPorts {
  readonly uploads: PhotoUploads;
  readonly bucket: string;
  /** The largest photo that is read, in bytes. */
  readonly maxImageBytes: number;
}

/** How to put a photo into the bucket without going through the API. */
export interface PhotoUpload {
  /** The photo's key; calls of the API take it instead of bytes. */
  readonly key: string;
  /** Where to send the bytes, by PUT. */
  readonly url: string;
  /** The headers to send with them, exactly so. */
  readonly headers: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** Seconds in which an upload has to begin: enough for 50 MB over a slow line, too short to be passed on. */
const uploadSeconds = 15 * 60;

/**
 * Prepares the upload of one photo: into the folder of a person, whom it will enrol, or of the photos to be looked at.
 * @param file the name below that folder
 * @throws RequestError IMAGE_TOO_LARGE when nobody would read so large a photo, INVALID_REQUEST when the name makes no key of a photo
 */
export async function prepareUpload(
  { uploads, bucket, maxImageBytes }: UploadPorts,
  wanted: {
    readonly collection: string;
    readonly person?: string | undefined;
    readonly file: string;
    readonly bytes: number;
  },
  now: Date = new Date(),
): Promise<PhotoUpload> {
  const { collection, person, file, bytes } = wanted;
  if (bytes > maxImageBytes) {
    throw new RequestError(
      'IMAGE_TOO_LARGE',
      `Expected a photo of at most ${maxImageBytes} bytes, received word of one of ${bytes}. Make it smaller.`,
    );
  }
  const key = (person === undefined ? photosPrefix(collection) : personPrefix(collection, person)) + file;
  if (!['enrol', 'photo'].includes(meaningOfKey(key).kind) || Buffer.byteLength(key) > longestKey) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected the name of a file that makes a key of at most ${longestKey} bytes, received one that makes "${key}". Choose a shorter one that does not end with a slash.`,
    );
  }
  const { url, headers } = await uploads.sign({ bucket, key, bytes }, uploadSeconds);
  return { key, url, headers, expiresAt: new Date(now.getTime() + uploadSeconds * 1000).toISOString() };
}
