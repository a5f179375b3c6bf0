import { RequestError } from '../../lib/core/errors.ts';
import type { LabelledFace } from '../../lib/vision/labelled-faces.ts';
import { counted } from '../counted.ts';
import { photosIn } from '../photo-files.ts';
import { startProgressBar } from '../progress-bar.ts';
import type { Vision } from '../vision.ts';
import { embedPhotos, type FaceChoice } from './embed-photos.ts';
import { EmbeddingCache } from './embedding-cache.ts';

/** A photo, by its path below the folder that was looked through, and whose it is: the first folder on that path. */
export interface LabelledPhoto {
  readonly photo: string;
  readonly person: string;
}

/** Photos of which no face was taken, by their paths. */
export interface LeftOut {
  readonly withoutFace: readonly string[];
  /** Those that cannot be decoded, and why. */
  readonly unreadable: readonly { readonly photo: string; readonly code: string }[];
}

/**
 * Finds the photos in a folder that has a folder for each person; how a person's folder is divided further means nothing.
 * @throws RequestError PHOTO_NOT_FOUND when there is no such folder, INVALID_REQUEST when photos lie beside the people's folders, so that nobody knows whose they are
 */
export async function labelledPhotosIn(folder: string): Promise<LabelledPhoto[]> {
  const names = (await photosIn([folder])).map(({ name }) => name);
  const unlabelled = names.filter((name) => !name.includes('/'));
  if (unlabelled.length > 0) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected each photo in the folder of a person in ${folder}, found ${counted(unlabelled.length, 'photo')} beside them: ${unlabelled.slice(0, 3).join(', ')}. Move them, or name the folder above.`,
    );
  }
  return names.map((photo) => ({ photo, person: photo.slice(0, photo.indexOf('/')) }));
}

/** Photos between two writes of the cache. */
const keptTogether = 256;

/**
 * Embeds one face of each photo, with a progress bar. A photo without a face, or that cannot be decoded, is left out, as one among thousands.
 * @param cacheFile where vectors are kept from one run to the next; what it has is not made again
 * @throws RequestError INVALID_REQUEST when the cache cannot be used
 */
export async function embedLabelledPhotos(
  vision: Vision,
  folder: string,
  photos: readonly LabelledPhoto[],
  choice: FaceChoice,
  cacheFile: string | undefined,
): Promise<{ readonly faces: LabelledFace[]; readonly leftOut: LeftOut }> {
  const { id, provenance } = vision.embedder.card;
  const cache = cacheFile
    ? await EmbeddingCache.open(cacheFile, { embedder: id, provenance, face: choice })
    : undefined;
  const names = photos.map(({ photo }) => photo);
  const embeddings = (await cache?.known(folder, names)) ?? new Map<string, Float32Array | undefined>();
  const unreadable = new Map<string, string>();
  const missing = names.filter((name) => !embeddings.has(name));
  const bar = startProgressBar('photos', missing.length);
  try {
    for (let from = 0; from < missing.length; from += keptTogether) {
      const some = missing.slice(from, from + keptTogether);
      const made = await embedPhotos(vision, folder, some, {
        choice,
        onPhoto: bar.advance,
        onUnreadable: (photo, { code }) => unreadable.set(photo, code),
      });
      for (const [photo, embedding] of made) embeddings.set(photo, embedding);
      await cache?.add(
        folder,
        some.filter((photo) => !unreadable.has(photo)),
        made,
      );
    }
  } finally {
    bar.stop();
  }
  const faces = photos.flatMap(({ photo, person }) => {
    const embedding = embeddings.get(photo);
    return embedding ? { person, embedding } : [];
  });
  const withoutFace = names.filter((photo) => !embeddings.get(photo) && !unreadable.has(photo));
  return { faces, leftOut: { withoutFace, unreadable: [...unreadable].map(([photo, code]) => ({ photo, code })) } };
}

/** How many photos of a kind are named. */
const namedAtMost = 3;

/** Tells on stderr which photos were left out, if any. */
export function tellLeftOut({ withoutFace, unreadable }: LeftOut): void {
  const tell = (photos: readonly string[], why: string) => {
    if (photos.length === 0) return;
    const named = photos.slice(0, namedAtMost).join(', ');
    console.error(
      `left out, ${why}: ${counted(photos.length, 'photo')} (${named}${photos.length > namedAtMost ? ', …' : ''})`,
    );
  };
  tell(withoutFace, 'no face found');
  tell(
    unreadable.map(({ photo, code }) => `${photo}: ${code}`),
    'cannot be decoded',
  );
}
