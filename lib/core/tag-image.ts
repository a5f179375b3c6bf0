import type { EmbedderCard } from '../vision/embedder-card.ts';
import { thresholdOf } from '../vision/similarity.ts';
import type { FacenetEvent } from './events.ts';
import { type IdentifyPorts, identifyFace } from './identify-face.ts';
import { eventIdOf } from './ids.ts';
import type { ImageRef, PhotoRef, TagMessage } from './messages.ts';
import type { Metrics } from './metrics.ts';
import type { EventBus, FaceRegistry, Log } from './ports.ts';
import type { FaceRecord, ImageRecord, Match } from './records.ts';

export interface TagPorts extends IdentifyPorts {
  readonly registry: FaceRegistry;
  readonly embedder: EmbedderCard;
  readonly bus: EventBus;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** How many of the photos' faces nearest to a newly enrolled one are named again; the most that a vector search answers. */
const renamedAtOnce = 100;

/**
 * Follows what happened to an image: names its faces, or enrols its person, and tells the bus. Whoever is enrolled or erased later changes the names
 * in photos that are already through; those are published again.
 * @throws UnavailableError when something did not answer; the message is to be delivered again
 */
export async function followImage(ports: TagPorts, message: TagMessage): Promise<void> {
  switch (message.kind) {
    case 'embedded':
      return tagImage(ports, message.image);
    case 'rejected':
      return ports.bus.publish([
        {
          type: 'Image Rejected',
          detail: {
            ...envelope(ports, 'Image Rejected', message.image),
            image: photoOf(message.image),
            code: message.code,
            reason: message.message,
          },
        },
      ]);
    case 'erased':
      return correctErased(ports, message);
  }
}

async function tagImage(ports: TagPorts, ref: PhotoRef): Promise<void> {
  const { registry, log } = ports;
  const image = await registry.getImage(ref.imageId);
  if (!image || image.sequencer !== ref.sequencer || image.status === 'erased') {
    log.info('image superseded', { imageId: ref.imageId, sequencer: ref.sequencer });
    return;
  }
  // The end is recorded first: whoever is enrolled from here on finds the photo among those that are through, and names its faces again.
  if (!(await registry.finishImage(image, image.person ? 'enrolled' : 'indexed'))) return;
  if (image.person) await enrol(ports, image, image.person);
  else await nameFaces(ports, image, 'embedded', 'publish always');
  log.info('image tagged', { imageId: image.imageId, enrolled: image.person !== undefined });
}

/** The faces of the image's present version; those of an earlier one may be on their way out. */
async function facesOf(registry: FaceRegistry, image: ImageRecord): Promise<FaceRecord[]> {
  return (await registry.facesOfImage(image.imageId)).filter((face) => face.sequencer === image.sequencer);
}

async function enrol(ports: TagPorts, image: ImageRecord, person: string): Promise<void> {
  const { registry, embedder, bus } = ports;
  const threshold = thresholdOf(embedder);
  for (const face of await facesOf(registry, image)) {
    if (face.person !== person) continue;
    const { faceId, collection, box, landmarks, confidence, quality, model, embedding } = face;
    await registry.enrol({ ...face, person });
    const shown = { faceId, box, landmarks, confidence, ...(quality && { quality }) };
    const detail = { ...envelope(ports, 'Person Enrolled', image), image: imageOf(image), person, model, face: shown };
    await bus.publish([{ type: 'Person Enrolled', detail }]);
    if (model !== embedder.id) continue;
    const query = { collection, role: 'photo', model: embedder.id, embedding, count: renamedAtOnce } as const;
    const near = (await registry.nearest(query)).filter(({ distance }) => distance <= threshold);
    await renameFacesOf(ports, new Set(near.map((neighbour) => neighbour.face.imageId)), faceId);
  }
}

async function correctErased(ports: TagPorts, message: Extract<TagMessage, { kind: 'erased' }>): Promise<void> {
  const { image, faces, reason } = message;
  const erased = new Set(faces.map((face) => face.faceId));
  const people = new Set(faces.flatMap((face) => face.person ?? []));
  const images = new Set<string>();
  for (const person of people) {
    for await (const face of ports.registry.facesOfPerson(image.collection, person, 'photo')) {
      if (face.match && erased.has(face.match.faceId)) images.add(face.imageId);
    }
  }
  await renameFacesOf(ports, images, `${image.imageId} ${image.sequencer} ${reason}`);
  const faceIds = [...erased].sort();
  // The API and the bucket's own notification can both tell of one erasure, each with a sequencer of its own: the id is that of the faces. Those that were
  // indexed through the API can come again with the same ids.
  const id = eventIdOf('Faces Erased', image.imageId, ...(image.source ? [] : [image.sequencer]), ...faceIds);
  const detail = { ...envelope(ports, 'Faces Erased', image), id, image: imageOf(image), reason, faceIds };
  await ports.bus.publish([{ type: 'Faces Erased', detail }]);
}

async function renameFacesOf(ports: TagPorts, imageIds: Iterable<string>, cause: string): Promise<void> {
  for (const imageId of imageIds) {
    const image = await ports.registry.getImage(imageId);
    if (image?.status === 'indexed') await nameFaces(ports, image, cause, 'publish changes');
  }
}

/**
 * Names the faces of a photo. It publishes before it records, so that the next delivery still sees a change should this end between the two; and when
 * somebody else has named a face meanwhile, it looks again, so that the last word is right.
 */
async function nameFaces(
  ports: TagPorts,
  image: ImageRecord,
  cause: string,
  when: 'publish always' | 'publish changes',
): Promise<void> {
  const faces = await facesOf(ports.registry, image);
  // A face that has no vector of the embedder in use, because its collection is not moved to it yet, keeps the name that it has.
  const isReadable = ({ model }: FaceRecord) => model === ports.embedder.id;
  const matches = await Promise.all(faces.map((face) => (isReadable(face) ? identifyFace(ports, face) : face.match)));
  const named = matches.filter((match) => match).length;
  ports.metrics.add({ FacesNamed: named, FacesUnknown: faces.length - named });
  const changed = faces.some((face, i) => face.match?.person !== matches[i]?.person);
  if (changed || when === 'publish always')
    await ports.bus.publish([imageIndexed(ports, image, faces, matches, cause)]);
  const written = await Promise.all(faces.map((face, i) => ports.registry.setMatch(face, matches[i])));
  if (written.includes('changed')) await nameFaces(ports, image, `${cause}, again`, 'publish always');
}

function imageIndexed(
  ports: TagPorts,
  image: ImageRecord,
  faces: readonly FaceRecord[],
  matches: readonly (Match | undefined)[],
  cause: string,
): FacenetEvent {
  return {
    type: 'Image Indexed',
    detail: {
      ...envelope(ports, 'Image Indexed', image, cause),
      image: photoOf(image),
      width: image.width ?? 0,
      height: image.height ?? 0,
      model: ports.embedder.id,
      threshold: thresholdOf(ports.embedder),
      faces: faces.map(({ faceId, box, landmarks, confidence, quality }, i) => ({
        faceId,
        box,
        landmarks,
        confidence,
        ...(quality && { quality }),
        identity: identityOf(matches[i]),
      })),
    },
  };
}

function identityOf(match: Match | undefined) {
  if (!match) return null;
  const { person, distance, similarity, faceId } = match;
  return { person, distance, similarity, matchedFaceId: faceId };
}

/** What every event says first. Its id is the same for a repeated delivery; `cause` tells apart what one image says more than once. */
function envelope({ now }: TagPorts, type: FacenetEvent['type'], image: ImageRef, cause = '') {
  const { imageId, collection, sequencer } = image;
  return {
    version: '1' as const,
    id: eventIdOf(type, imageId, sequencer, cause),
    time: now().toISOString(),
    collection,
  };
}

function photoOf({ imageId, source, sequencer }: Pick<PhotoRef, 'imageId' | 'source' | 'sequencer'>) {
  return { imageId, ...source, sequencer };
}

function imageOf({ imageId, source, sequencer }: ImageRef) {
  return source ? photoOf({ imageId, source, sequencer }) : { imageId };
}
