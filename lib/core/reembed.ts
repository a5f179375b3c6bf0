import { createHash } from 'node:crypto';
import { cropFace } from '../vision/align.ts';
import { scaled } from '../vision/geometry.ts';
import { photoSize, type RgbImage } from '../vision/image.ts';
import { isOfItsPhoto } from './erase-image.ts';
import { ImageRejectedError } from './errors.ts';
import { indexedImageIdOf } from './ids.ts';
import { allPages } from './pages.ts';
import type { FaceEmbedder, FaceRegistry, ImageDecoder, ImageStore } from './ports.ts';
import type { FaceRecord, ImageSource } from './records.ts';

export interface ReembedPorts {
  readonly store: Pick<ImageStore, 'read'>;
  readonly decoder: ImageDecoder;
  /** The embedder that the collection moves to. */
  readonly embedder: FaceEmbedder;
  /** It reads faces with the vectors of that embedder, where they have them. */
  readonly registry: Pick<FaceRegistry, 'listImages' | 'listFaces' | 'facesOfImage' | 'addVector'>;
}

/** Told how far it is. */
export interface ReembedProgress {
  /** A pass over so many images begins. */
  pass(images: number): void;
  /** One of them is through. */
  image(): void;
}

/** A face that stays without the new vector, and why. */
export interface LeftFace {
  readonly face: FaceRecord;
  /**
   * The photo is no longer in the bucket, or there is another in its place that has not been through yet, or it can no longer be decoded; or it came through the
   * API as bytes, of which nothing was kept.
   */
  readonly reason: 'photo gone' | 'photo replaced' | 'photo rejected' | 'photo never kept';
}

/** How a collection stands after it was moved. It is whole when nothing is `left`. */
export interface Reembedding {
  /** Faces that got their vector now. */
  readonly moved: number;
  /** Faces that had it. */
  readonly already: number;
  readonly left: readonly LeftFace[];
}

interface Waiting {
  readonly face: FaceRecord;
  readonly crop: RgbImage;
}

/** Crops that are embedded together, at least, as long as there are so many. */
const batch = 32;

/**
 * Gives each face of a collection the vector of another embedder, beside the one that it has, so that searches by the old embedder go on. Boxes and
 * landmarks are kept, so nobody gets another id. It goes over the collection until a pass finds nothing to do; a face that has its vector is not touched,
 * so that it can be ended and begun again at any time.
 * @throws UnavailableError when bucket or table did not answer
 */
export async function reembedCollection(
  ports: ReembedPorts,
  collection: string,
  progress: ReembedProgress,
): Promise<Reembedding> {
  let moved = 0;
  for (;;) {
    const pass = await reembedOnce(ports, collection, progress);
    moved += pass.moved;
    if (pass.moved === 0) return { moved, already: pass.already - moved, left: pass.left };
  }
}

async function reembedOnce(ports: ReembedPorts, collection: string, progress: ReembedProgress): Promise<Reembedding> {
  const images = [
    ...(await photosOf(ports.registry, collection)),
    ...(await indexedImagesOf(ports.registry, collection)),
  ];
  progress.pass(images.length);
  const left: LeftFace[] = [];
  let waiting: Waiting[] = [];
  let moved = 0;
  let already = 0;
  const move = async () => {
    moved += await embedAndStore(ports, waiting);
    waiting = [];
  };
  for (const image of images) {
    const faces = (await ports.registry.facesOfImage(image.imageId)).filter(
      ({ sequencer }) => image.sequencer === undefined || sequencer === image.sequencer,
    );
    const lacking = faces.filter(({ model }) => model !== ports.embedder.card.id);
    already += faces.length - lacking.length;
    if (lacking.length > 0) {
      const photo = await photoOf(ports, image);
      if (typeof photo === 'string') left.push(...lacking.map((face) => ({ face, reason: photo })));
      else waiting.push(...lacking.map((face) => ({ face, crop: cropOf(photo, face, ports.embedder) })));
    }
    if (waiting.length >= batch) await move();
    progress.image();
  }
  await move();
  return { moved, already, left };
}

/** Only what a pass needs of each image: a collection can have a million of them. One that was indexed through the API has no sequencer, but an id of its bytes. */
interface PassImage {
  readonly imageId: string;
  readonly sequencer?: string;
  readonly source?: ImageSource;
  readonly isAsItWas: (bytes: Uint8Array, eTag: string) => boolean;
}

/** The photos in the bucket. */
async function photosOf(registry: ReembedPorts['registry'], collection: string): Promise<PassImage[]> {
  const images: PassImage[] = [];
  for await (const { imageId, sequencer, source, eTag } of allPages((page) => registry.listImages(collection, page))) {
    images.push({ imageId, sequencer, source, isAsItWas: (_, now) => eTag === undefined || eTag === now });
  }
  return images;
}

/** The images that were indexed through the API, of which no record is kept beside their faces. */
async function indexedImagesOf(registry: ReembedPorts['registry'], collection: string): Promise<PassImage[]> {
  const images = new Map<string, PassImage>();
  for await (const face of allPages((page) => registry.listFaces(collection, {}, page))) {
    const { imageId, source, externalImageId } = face;
    if (isOfItsPhoto(face) || images.has(imageId)) continue;
    const isAsItWas = (bytes: Uint8Array) =>
      indexedImageIdOf(collection, createHash('sha256').update(bytes).digest('hex'), externalImageId) === imageId;
    images.set(imageId, { imageId, ...(source && { source }), isAsItWas });
  }
  return [...images.values()];
}

async function photoOf(
  { store, decoder }: ReembedPorts,
  { source, isAsItWas }: PassImage,
): Promise<RgbImage | LeftFace['reason']> {
  if (!source) return 'photo never kept';
  try {
    const object = await store.read(source);
    if (!object) return 'photo gone';
    return isAsItWas(object.bytes, object.eTag) ? await decoder.decode(object.bytes) : 'photo replaced';
  } catch (error) {
    if (error instanceof ImageRejectedError) return 'photo rejected';
    throw error;
  }
}

/** Box and landmarks are in pixels of the photo as it was read then; a later version may read it at another size. */
function cropOf(photo: RgbImage, face: FaceRecord, { card }: FaceEmbedder): RgbImage {
  const { width, height } = photoSize(photo);
  return cropFace(photo, scaled(face, width / face.imageWidth, height / face.imageHeight), card.crop);
}

/** Answers how many of the faces were still there. */
async function embedAndStore({ embedder, registry }: ReembedPorts, waiting: readonly Waiting[]): Promise<number> {
  if (waiting.length === 0) return 0;
  const vectors = await embedder.embed(waiting.map(({ crop }) => crop));
  const stored = await Promise.all(
    waiting.map(({ face }, i) => registry.addVector(face, embedder.card.id, vectors[i]!)),
  );
  return stored.filter(Boolean).length;
}
