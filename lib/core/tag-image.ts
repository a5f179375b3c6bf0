import type { EmbedderCard } from '../vision/embedder-card.ts';
import { similarityOf, thresholdOf } from '../vision/similarity.ts';
import type { FacenetEvent } from './events.ts';
import { type IdentifyPorts, type Identity, identifyFace } from './identify-face.ts';
import { eventIdOf } from './ids.ts';
import type { ImageRef, PhotoRef, TagMessage } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { type EventBus, type FaceRegistry, type Log, mostNeighbours } from './ports.ts';
import type { FaceRecord, ImageRecord, Match } from './records.ts';

export interface TagPorts extends IdentifyPorts {
  readonly registry: FaceRegistry;
  readonly embedder: EmbedderCard;
  readonly bus: EventBus;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

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
    case 'assigned':
      return followAssignment(ports, message);
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
  for (const face of await facesOf(ports.registry, image)) {
    if (face.person === person) await introduce(ports, image, face, person);
  }
}

/** Makes a face name its person, tells so, and names the photos' faces near it. */
async function introduce(ports: TagPorts, image: ImageRef, face: FaceRecord, person: string): Promise<void> {
  const { registry, embedder, bus } = ports;
  const { faceId, collection, box, landmarks, confidence, quality, model, embedding, assignedAt } = face;
  // One that was assigned is listed already, and its person may have been deleted since: not even for a moment does it bring them back.
  if (assignedAt === undefined) await registry.enrol({ ...face, person });
  const cause = assignedAt && `${faceId} ${assignedAt}`;
  const shown = { faceId, box, landmarks, confidence, ...(quality && { quality }) };
  const said = envelope(ports, 'Person Enrolled', image, cause);
  await bus.publish([
    { type: 'Person Enrolled', detail: { ...said, image: imageOf(image), person, model, face: shown } },
  ]);
  if (model !== embedder.id) return;
  const query = { collection, role: 'photo', model: embedder.id, embedding, count: mostNeighbours } as const;
  const threshold = thresholdOf(embedder);
  const near = (await registry.nearest(query)).filter(({ distance }) => distance <= threshold);
  await renameFacesOf(ports, new Set(near.map((neighbour) => neighbour.face.imageId)), cause ?? faceId, [face]);
}

/** A face that was assigned names its person in photos, one that was released no longer does; and its own photo says whose it is. */
async function followAssignment(ports: TagPorts, message: Extract<TagMessage, { kind: 'assigned' }>): Promise<void> {
  const { registry, log } = ports;
  const { image, faceId, person, before, since } = message;
  const read = async () => (await registry.facesOfImage(image.imageId)).find((stored) => stored.faceId === faceId);
  let face = await read();
  // Who released it leaves word first, and may have ended there.
  if (person === undefined && face && face.person === before && face.assignedAt === since) {
    await registry.assignFace(face, undefined);
    face = await read();
  }
  if (!face) {
    log.info('face superseded', { imageId: image.imageId, faceId });
    return;
  }
  // Somebody may have assigned it anew meanwhile: that has word of its own.
  if (person !== undefined && face.person === person) await introduce(ports, image, face, person);
  const cause = `${faceId} ${face.assignedAt}`;
  if (before !== undefined) {
    await renameFacesOf(ports, await imagesNamedBy(registry, image.collection, before, new Set([faceId])), cause);
  }
  const photo = await registry.getImage(image.imageId);
  const isToBeNamed = photo?.status === 'indexed' || face.person === undefined;
  if (photo && isThrough(photo) && isToBeNamed) await nameFaces(ports, photo, cause, 'publish always');
}

async function correctErased(ports: TagPorts, message: Extract<TagMessage, { kind: 'erased' }>): Promise<void> {
  const { image, faces, reason } = message;
  const erased = new Set(faces.map((face) => face.faceId));
  const people = new Set(faces.flatMap((face) => face.person ?? []));
  // Who erases them leaves word first, and may not be through yet, or have ended there. What was indexed through the API later has the same ids.
  const stored = await ports.registry.facesOfImage(image.imageId);
  await ports.registry.deleteFaces(
    stored.filter(({ faceId, sequencer }) => erased.has(faceId) && sequencer <= image.sequencer),
  );
  for (const person of people) {
    const images = await imagesNamedBy(ports.registry, image.collection, person, erased);
    await renameFacesOf(ports, images, `${image.imageId} ${image.sequencer} ${reason}`);
  }
  const faceIds = [...erased].sort();
  // The API and the bucket's own notification can both tell of one erasure, each with a sequencer of its own: the id is that of the faces. Those that were
  // indexed through the API can come again with the same ids.
  const id = eventIdOf('Faces Erased', image.imageId, ...(image.source ? [] : [image.sequencer]), ...faceIds);
  const detail = { ...envelope(ports, 'Faces Erased', image), id, image: imageOf(image), reason, faceIds };
  await ports.bus.publish([{ type: 'Faces Erased', detail }]);
}

/** The images in which some of a person's faces gave the name. */
async function imagesNamedBy(
  registry: FaceRegistry,
  collection: string,
  person: string,
  faceIds: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const images = new Set<string>();
  for await (const { imageId, match } of registry.facesOfPerson(collection, person, 'photo')) {
    if (match && faceIds.has(match.faceId)) images.add(imageId);
  }
  return images;
}

async function renameFacesOf(
  ports: TagPorts,
  imageIds: Iterable<string>,
  cause: string,
  newcomers: readonly FaceRecord[] = [],
): Promise<void> {
  for (const imageId of imageIds) {
    const image = await ports.registry.getImage(imageId);
    if (image && isThrough(image)) await nameFaces(ports, image, cause, 'publish changes', newcomers);
  }
}

function isThrough({ status }: ImageRecord): boolean {
  return status === 'indexed' || status === 'enrolled';
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
  newcomers: readonly FaceRecord[] = [],
): Promise<void> {
  const faces = await facesOf(ports.registry, image);
  const identities = await Promise.all(faces.map((face) => identityOf(ports, face, newcomers)));
  const named = identities.filter((identity) => identity).length;
  ports.metrics.add({ FacesNamed: named, FacesUnknown: faces.length - named });
  const isNew = ({ faceId }: Match) => newcomers.some((newcomer) => newcomer.faceId === faceId);
  const changed = faces.some(
    (face, i) => (face.person ?? face.match?.person) !== identities[i]?.person || identities[i]?.ambiguous.some(isNew),
  );
  if (changed || when === 'publish always') {
    await ports.bus.publish([imageIndexed(ports, image, faces, identities, cause)]);
  }
  const written = await Promise.all(
    faces.map((face, i) =>
      face.person === undefined ? ports.registry.setMatch(face, matchOf(identities[i])) : 'written',
    ),
  );
  if (written.includes('changed')) await nameFaces(ports, image, `${cause}, again`, 'publish always', newcomers);
}

/** One that was assigned is whose it was said to be. One that has no vector of the embedder in use, because its collection is not moved to it yet, keeps its name. */
async function identityOf(
  ports: TagPorts,
  face: FaceRecord,
  newcomers: readonly FaceRecord[],
): Promise<Identity | undefined> {
  const { faceId, person, match, model } = face;
  if (person !== undefined) {
    return { person, faceId, distance: 0, similarity: similarityOf(ports.embedder, 0), ambiguous: [] };
  }
  return model === ports.embedder.id ? identifyFace(ports, face, newcomers) : match && { ...match, ambiguous: [] };
}

/** What is stored of an identity: other people's names would outlast them there. */
function matchOf(identity: Identity | undefined): Match | undefined {
  if (!identity) return undefined;
  const { ambiguous: _, ...match } = identity;
  return match;
}

function imageIndexed(
  ports: TagPorts,
  image: ImageRecord,
  faces: readonly FaceRecord[],
  identities: readonly (Identity | undefined)[],
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
        identity: shownIdentity(identities[i]),
      })),
    },
  };
}

function shownIdentity(identity: Identity | undefined) {
  if (!identity) return null;
  const { ambiguous } = identity;
  return { ...shownMatch(identity), ...(ambiguous.length > 0 && { ambiguous: ambiguous.map(shownMatch) }) };
}

function shownMatch({ person, distance, similarity, faceId }: Match) {
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
