import { cropFace } from '../vision/align.ts';
import type { EmbedderCard } from '../vision/embedder-card.ts';
import { assessFace } from '../vision/face-quality.ts';
import { type DetectedFace, largestFace } from '../vision/geometry.ts';
import { photoSize, type RgbImage } from '../vision/image.ts';
import { packCrop } from './crop-codec.ts';
import { eraseFaces, eraseImage } from './erase-image.ts';
import { ImageRejectedError } from './errors.ts';
import { expectFitToEnrol } from './fit-to-enrol.ts';
import { faceIdOf, imageIdOf } from './ids.ts';
import { defaultCollection, type KeyMeaning, meaningOfKey } from './keys.ts';
import type { FaceMessage, PhotoRef } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { noFaceIn } from './not-found.ts';
import type { ObjectChange } from './object-changes.ts';
import type { AssessedFace } from './photo-faces.ts';
import type { FaceDetector, FaceQueue, FaceRegistry, ImageDecoder, ImageStore, Log, TagQueue } from './ports.ts';

export interface DetectPorts {
  readonly store: ImageStore;
  readonly decoder: ImageDecoder;
  readonly detector: FaceDetector;
  readonly registry: FaceRegistry;
  readonly faces: FaceQueue;
  readonly tags: TagQueue;
  readonly embedder: EmbedderCard;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What became of a change in the bucket. */
export type DetectOutcome = 'ignored' | 'rejected' | 'superseded' | 'done' | 'gone' | 'erased' | 'detected';

/**
 * Follows one change of the bucket: a removed photo's faces are erased, a new one's faces go to the faces queue, and an image that cannot be
 * used is recorded and reported as rejected. Changes may come late, twice and out of order.
 * @throws UnavailableError when something did not answer; the change is to be delivered again
 */
export async function followObjectChange(ports: DetectPorts, change: ObjectChange): Promise<DetectOutcome> {
  const meaning = meaningOfKey(change.source.key);
  if (meaning.kind === 'other') return 'ignored';
  const image = photoRefOf(change, meaning);
  const outcome = await (change.kind === 'created'
    ? takeUp(ports, change, meaning, image)
    : giveUp(ports, change, meaning, image));
  ports.log.info(`image ${outcome}`, { imageId: image.imageId, sequencer: image.sequencer, outcome });
  return outcome;
}

type OwnMeaning = Exclude<KeyMeaning, { kind: 'other' }>;

function photoRefOf({ source, sequencer }: ObjectChange, { collection }: OwnMeaning): PhotoRef {
  return { imageId: imageIdOf(source.bucket, source.key), collection, sequencer, source };
}

async function giveUp(
  ports: DetectPorts,
  change: ObjectChange,
  meaning: OwnMeaning,
  image: PhotoRef,
): Promise<DetectOutcome> {
  if (meaning.kind === 'folder') return 'ignored';
  if (change.kind === 'version-removed') {
    const known = await ports.registry.getImage(image.imageId);
    if (known?.source.versionId !== image.source.versionId) return 'superseded';
  }
  return (await eraseImage(ports, image)) ? 'erased' : 'superseded';
}

async function takeUp(
  ports: DetectPorts,
  change: ObjectChange,
  meaning: OwnMeaning,
  image: PhotoRef,
): Promise<DetectOutcome> {
  if (meaning.kind === 'folder') {
    await report(
      ports,
      image,
      new ImageRejectedError(
        'FOLDER_MARKER',
        'Expected a photo, received a folder. Nothing is wrong; drop photos into it.',
      ),
    );
    return 'rejected';
  }
  // Each photo makes its collection: it may have been deleted since the last one.
  if (meaning.collection !== defaultCollection) await ports.registry.createCollection(meaning.collection);
  const person = meaning.kind === 'enrol' ? meaning.person : undefined;
  const { eTag } = change;
  const claim = await ports.registry.claimImage({ ...image, ...(person && { person }), ...(eTag && { eTag }) });
  if (claim !== 'claimed') return claim;
  const former = (await ports.registry.facesOfImage(image.imageId)).filter((face) => face.sequencer < image.sequencer);
  await eraseFaces(ports, image, former, 'replaced');
  try {
    if (meaning.kind === 'person-missing') {
      throw new ImageRejectedError(
        'KEY_WITHOUT_PERSON',
        'Expected people/<person>/<file>, received a photo directly in people/. Put it into a folder with the name of the person.',
      );
    }
    const object = await ports.store.read(image.source);
    if (!object) return 'gone';
    if (eTag && object.eTag !== eTag) return 'superseded';
    const start = performance.now();
    const photo = await ports.decoder.decode(object.bytes);
    const found = await ports.detector.detect(photo);
    ports.metrics.add({
      PhotosSearched: 1,
      FacesFound: found.length,
      DetectDuration: performance.now() - start,
    });
    return await handOver(ports, image, photo, facesToKeep(photo, found, person), person);
  } catch (error) {
    if (!(error instanceof ImageRejectedError)) throw error;
    if (!(await ports.registry.rejectImage(image, { code: error.code, message: error.message }))) return 'superseded';
    await report(ports, image, error);
    return 'rejected';
  }
}

function facesToKeep(
  photo: RgbImage,
  found: readonly DetectedFace[],
  person: string | undefined,
): readonly AssessedFace[] {
  const assess = (face: DetectedFace) => ({ ...face, quality: assessFace(photo, face) });
  if (!person) return found.map(assess);
  const largest = largestFace(found);
  if (!largest) throw noFaceIn('the photo');
  const face = assess(largest);
  expectFitToEnrol(face.quality);
  return [face];
}

async function handOver(
  ports: DetectPorts,
  image: PhotoRef,
  photo: RgbImage,
  faces: readonly AssessedFace[],
  person: string | undefined,
): Promise<DetectOutcome> {
  const { width, height } = photoSize(photo);
  const messages = faces.map(
    ({ box, confidence, landmarks, quality }): FaceMessage => ({
      version: 1,
      image: { ...image, width, height },
      faceId: faceIdOf(image.imageId, image.sequencer, box),
      role: person ? 'person' : 'photo',
      ...(person && { person }),
      box,
      landmarks,
      confidence,
      quality,
      model: ports.embedder.id,
      crop: packCrop(cropFace(photo, { box, landmarks }, ports.embedder.crop)),
    }),
  );
  const faceIds = messages.map((message) => message.faceId);
  if (!(await ports.registry.expectFaces({ ...image, width, height, faceIds }))) return 'superseded';
  await ports.faces.send(messages);
  if (messages.length === 0) await ports.tags.send([{ version: 1, kind: 'embedded', image }]);
  return 'detected';
}

function report(ports: DetectPorts, image: PhotoRef, { code, message }: ImageRejectedError): Promise<void> {
  ports.metrics.add({ PhotosRejected: 1 });
  return ports.tags.send([{ version: 1, kind: 'rejected', image, code, message }]);
}
