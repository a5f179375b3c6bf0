import { type Image, IndexFacesCommand, type QualityFilter, type RekognitionClient } from '@aws-sdk/client-rekognition';
import { inTurns } from '../in-turns.ts';
import type { BucketPhoto } from './bucket-photos.ts';
import { calledError, refusalOf } from './endpoints.ts';
import type { ExternalIdOf } from './external-ids.ts';
import type { MigrationJournal } from './journal.ts';

export interface IndexOptions {
  readonly client: RekognitionClient;
  readonly collection: string;
  /** How a photo is handed over: by its bytes, or by where it lies. */
  readonly imageOf: (photo: BucketPhoto) => Promise<Image>;
  readonly idOf: ExternalIdOf;
  /** Whether a photo without an id is indexed all the same. */
  readonly idsAreOptional: boolean;
  readonly quality: QualityFilter;
  readonly journal: MigrationJournal;
  /** Photos on their way at the same time. */
  readonly concurrency: number;
  /** Told of each photo that is through. */
  readonly advance: () => void;
}

export interface LeftPhoto {
  readonly key: string;
  readonly code: string;
  readonly reason: string;
}

export interface IndexedPhotos {
  readonly indexed: number;
  readonly faces: number;
  /** Indexed by an earlier run. */
  readonly before: number;
  readonly left: readonly LeftPhoto[];
}

/**
 * Indexes photos into a collection, each under its ExternalImageId. What no second attempt can mend is left; anything else ends it, and the next run goes on.
 * @throws UnavailableError when the endpoint does not answer
 */
export async function indexPhotos(photos: readonly BucketPhoto[], options: IndexOptions): Promise<IndexedPhotos> {
  const { client, collection, imageOf, idOf, idsAreOptional, quality, journal, concurrency, advance } = options;
  const left: LeftPhoto[] = [];
  let indexed = 0;
  let faces = 0;
  let before = 0;
  const index = async (photo: BucketPhoto) => {
    const { key, eTag } = photo;
    const id = idOf(key);
    const done = { key, eTag, ...(id !== undefined && { id }) };
    if (id === undefined && !idsAreOptional) {
      left.push({ key, code: 'NO_EXTERNAL_ID', reason: 'no ExternalImageId is known for it' });
    } else if (journal.has(done)) {
      before++;
    } else {
      const Image = await imageOf(photo);
      const request = { CollectionId: collection, Image, ExternalImageId: id, QualityFilter: quality };
      const { FaceRecords = [] } = await client.send(new IndexFacesCommand(request));
      await journal.add({ ...done, faces: FaceRecords.length });
      indexed++;
      faces += FaceRecords.length;
    }
  };
  await inTurns(photos, concurrency, async (photo) => {
    await index(photo).catch((error: unknown) => {
      const code = refusalOf(error);
      if (code === undefined || code === 'ResourceNotFoundException' || code === 'AccessDeniedException') {
        throw calledError(error, 'the endpoint that indexes');
      }
      left.push({ key: photo.key, code, reason: (error as Error).message });
    });
    advance();
  });
  return { indexed, faces, before, left: left.sort((a, b) => (a.key < b.key ? -1 : 1)) };
}
