import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { UnavailableError } from '../lib/core/errors.ts';
import type { FacenetEvent } from '../lib/core/events.ts';
import { noSuchPhoto } from './api-client.ts';
import { localS3Client } from './clients.ts';
import type { Connection } from './connect.ts';
import { followEvents } from './follow-events.ts';
import { inTurns } from './in-turns.ts';
import type { PhotoFile } from './photo-files.ts';

/** What became of a photo that was put into the bucket: the event that says so; undefined when none came, which the dead-letter queues explain. */
export interface AddedPhoto {
  readonly key: string;
  readonly event: Exclude<FacenetEvent, { type: 'Faces Erased' }> | undefined;
}

/** Photos that are put at the same time. */
const uploads = 8;
/** Milliseconds between looks at what still waits, and how often nothing may wait before a photo without an event counts as lost. */
const look = { every: 1000, times: 3 };

/**
 * Puts photos into the bucket and waits until each has come out at the other end.
 * @param keyOf the key that a photo gets
 * @param done called for each photo that is through
 * @throws RequestError PHOTO_NOT_FOUND when a file cannot be read
 * @throws UnavailableError when the stack ends meanwhile
 */
export async function addPhotos(
  connection: Connection,
  photos: readonly PhotoFile[],
  keyOf: (photo: PhotoFile) => string,
  done: () => void = () => {},
): Promise<AddedPhoto[]> {
  const stop = new AbortController();
  const events = await followEvents(connection.api, stop.signal);
  const found = new Map<string, AddedPhoto['event']>(photos.map((photo) => [keyOf(photo), undefined]));
  let left = found.size;
  const following = (async () => {
    for await (const event of events) {
      const { key } = event.detail.image;
      if (event.type === 'Faces Erased' || key === undefined || !found.has(key) || found.get(key)) continue;
      found.set(key, event);
      done();
      if (--left === 0) return;
    }
  })();
  try {
    const uploading = uploadAll(connection, photos, keyOf);
    const settling = uploading.then(() => untilNothingWaits(connection, stop.signal));
    await Promise.all([uploading, Promise.race([following, settling])]);
  } finally {
    stop.abort();
    await Promise.allSettled([following]);
  }
  return [...found].map(([key, event]) => ({ key, event }));
}

async function uploadAll(
  { s3, bucket }: Connection,
  photos: readonly PhotoFile[],
  keyOf: (photo: PhotoFile) => string,
): Promise<void> {
  const client = localS3Client(s3);
  const upload = async (photo: PhotoFile) => {
    const Body = await readFile(photo.path).catch((cause: unknown) => {
      throw noSuchPhoto(photo.path, cause);
    });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: keyOf(photo), Body })).catch((cause: unknown) => {
      throw new UnavailableError(`Expected the bucket at ${s3} to take ${photo.path}, it did not. Try again.`, {
        cause,
      });
    });
  };
  try {
    await inTurns(photos, uploads, upload);
  } finally {
    client.destroy();
  }
}

/** Resolves when nothing waits any more, several looks in a row. */
async function untilNothingWaits({ client }: Connection, signal: AbortSignal): Promise<void> {
  for (let quiet = 0; quiet < look.times; ) {
    await wait(look.every, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const { waiting } = await client.status();
    quiet = waiting === 0 ? quiet + 1 : 0;
  }
}
