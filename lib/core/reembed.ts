import { cropFace } from '../vision/align.ts';
import { scaled } from '../vision/geometry.ts';
import { photoSize, type RgbImage } from '../vision/image.ts';
import { ImageRejectedError } from './errors.ts';
import type { FaceEmbedder, FaceRegistry, ImageDecoder, ImageStore } from './ports.ts';
import type { FaceRecord, ImageRecord } from './records.ts';

export interface ReembedPorts {
  readonly store: Pick<ImageStore, 'read'>;
  readonly decoder: ImageDecoder;
  /** The embedder that the collection moves to. */
  readonly embedder: FaceEmbedder;
  /** It reads faces with the vectors of that embedder, where they have them. */
  readonly registry: Pick<FaceRegistry, 'listImages' | 'facesOfImage' | 'addVector'>;
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
  /** The photo is no longer in the bucket, or there is another in its place that has not been through yet, or it can no longer be decoded. */
  readonly reason: 'photo gone' | 'photo replaced' | 'photo rejected';
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

/** Images that are listed in one call. */
const listedAtOnce = 100;
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
  const images = await imagesOf(ports.registry, collection);
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
      ({ sequencer }) => sequencer === image.sequencer,
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

/** Only what a pass needs of each image: a collection can have a million of them. */
type PassImage = Pick<ImageRecord, 'imageId' | 'sequencer' | 'source' | 'eTag'>;

async function imagesOf(registry: Pick<FaceRegistry, 'listImages'>, collection: string): Promise<PassImage[]> {
  const images: PassImage[] = [];
  let after: string | undefined;
  do {
    const page = await registry.listImages(collection, { limit: listedAtOnce, ...(after && { after }) });
    for (const { imageId, sequencer, source, eTag } of page.items) {
      images.push({ imageId, sequencer, source, ...(eTag && { eTag }) });
    }
    after = page.next;
  } while (after);
  return images;
}

async function photoOf(
  { store, decoder }: ReembedPorts,
  { source, eTag }: PassImage,
): Promise<RgbImage | LeftFace['reason']> {
  try {
    const object = await store.read(source);
    if (!object) return 'photo gone';
    if (eTag !== undefined && object.eTag !== eTag) return 'photo replaced';
    return await decoder.decode(object.bytes);
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
