import { ImageRejectedError, RequestError } from '../../lib/core/errors.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { defaultCollection } from '../../lib/core/keys.ts';
import type { FaceMessage, TagMessage } from '../../lib/core/messages.ts';
import type { Metric, Metrics } from '../../lib/core/metrics.ts';
import type {
  AnsweredRequests,
  Claim,
  EventBus,
  FaceDetector,
  FaceEmbedder,
  FaceQueue,
  FaceRegistry,
  ImageDecoder,
  ImageStore,
  Log,
  Neighbour,
  Page,
  Paged,
  PhotoUploads,
  StoredAnswer,
  StoredObject,
  TagQueue,
  WriteOutcome,
} from '../../lib/core/ports.ts';
import type {
  CollectionRecord,
  FaceRecord,
  FaceRole,
  ImageRecord,
  ImageSource,
  Match,
  PersonRecord,
} from '../../lib/core/records.ts';
import { euclideanDistance } from '../../lib/vision/distance.ts';
import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';
import type { DetectedFace } from '../../lib/vision/geometry.ts';
import type { RgbImage } from '../../lib/vision/image.ts';

/** An embedder of two dimensions over crops of two pixels: enough to be near or far. */
export const card: EmbedderCard = {
  kind: 'embedder',
  id: 'plane',
  dimensions: 2,
  crop: { kind: 'box', size: 2, margin: 0 },
  channels: 'RGB',
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
  operatingPoints: [
    { falseMatchRate: 1e-2, distance: 0.6, trueMatchRate: 1 },
    { falseMatchRate: 1e-3, distance: 0.5, trueMatchRate: 1 },
    { falseMatchRate: 1e-4, distance: 0.4, trueMatchRate: 1 },
  ],
  similarity: [
    { distance: 0, similarity: 100 },
    { distance: 0.5, similarity: 80 },
    { distance: 2, similarity: 0 },
  ],
  licence: 'none',
  provenance: 'a test',
};

/**
 * A photo in the language of these fakes: a text of faces, each an angle in degrees and the side of its box, such as "10@40 200@30". The
 * embedder turns an angle into the unit vector that points there; whatever follows the faces only makes the file another one.
 */
export function photoOf(text: string): Uint8Array {
  return Buffer.from(text);
}

export class FakeStore implements ImageStore {
  readonly objects = new Map<string, StoredObject>();

  put(key: string, bytes: Uint8Array, eTag = Buffer.from(bytes).toString('hex').slice(0, 32) || 'empty'): string {
    this.objects.set(key, { bytes, eTag });
    return eTag;
  }

  async read({ key }: ImageSource): Promise<StoredObject | undefined> {
    return this.objects.get(key);
  }

  async remove({ key }: ImageSource): Promise<void> {
    this.objects.delete(key);
  }

  async *list(_bucket: string, prefix: string): AsyncGenerator<string> {
    for (const key of [...this.objects.keys()].sort()) if (key.startsWith(prefix)) yield key;
  }
}

/** How far apart the faces of a fake photo stand, in pixels: more than the largest of them. */
const pitch = 60;

/** Decodes the photos of `photoOf`: each face a strip of pixels whose red and green spell its angle; the blue is chequered, as a face without any detail is not enrolled. */
export class FakeVision implements ImageDecoder, FaceDetector {
  readonly #faces = new WeakMap<RgbImage, DetectedFace[]>();

  async decode(bytes: Uint8Array): Promise<RgbImage> {
    if (bytes.length === 0) throw new ImageRejectedError('EMPTY_IMAGE', 'Expected a photo, received nothing.');
    const text = Buffer.from(bytes).toString();
    if (text === '!') throw new ImageRejectedError('CORRUPT_IMAGE', 'Expected a photo, received a "!".');
    const words = text.split(' ').filter((word) => /^\d+@\d+/.test(word));
    const width = pitch * Math.max(words.length, 1);
    const photo = { width, height: pitch, data: new Uint8Array(width * pitch * 3) };
    const faces = words.map((word, i) => {
      const [angle, side] = word.split('@').map(Number) as [number, number];
      for (let pixel = 0; pixel < width * pitch; pixel++) {
        const texture = (pixel + Math.floor(pixel / width)) % 4 === 0 ? 0 : 255;
        if (Math.floor((pixel % width) / pitch) === i) photo.data.set([angle >> 8, angle & 255, texture], pixel * 3);
      }
      return faceAt(i * pitch + 4, side);
    });
    this.#faces.set(
      photo,
      faces.sort((a, b) => b.box.width - a.box.width),
    );
    return photo;
  }

  async detect(photo: RgbImage): Promise<DetectedFace[]> {
    return this.#faces.get(photo) ?? [];
  }
}

function faceAt(left: number, side: number): DetectedFace {
  const at = (x: number, y: number) => [left + x * side, 4 + y * side] as const;
  return {
    box: { left, top: 4, width: side, height: side },
    confidence: 0.99,
    landmarks: {
      leftEye: at(0.3, 0.4),
      rightEye: at(0.7, 0.4),
      nose: at(0.5, 0.6),
      mouthLeft: at(0.35, 0.8),
      mouthRight: at(0.65, 0.8),
    },
  };
}

/** The unit vector that points at an angle. */
export function vectorAt(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180;
  return Float32Array.of(Math.cos(angle), Math.sin(angle));
}

export class FakeEmbedder implements FaceEmbedder {
  readonly card = card;
  batches: number[] = [];
  failure: Error | undefined;

  async embed(crops: readonly RgbImage[]): Promise<Float32Array[]> {
    if (this.failure) throw this.failure;
    this.batches.push(crops.length);
    return crops.map(({ data }) => vectorAt(data[0]! * 256 + data[1]!));
  }
}

export class FakeFaceQueue implements FaceQueue {
  messages: FaceMessage[] = [];

  async send(messages: readonly FaceMessage[]): Promise<void> {
    this.messages.push(...messages);
  }
}

export class FakeTagQueue implements TagQueue {
  messages: TagMessage[] = [];

  async send(messages: readonly TagMessage[]): Promise<void> {
    this.messages.push(...messages);
  }
}

export class FakeBus implements EventBus {
  events: FacenetEvent[] = [];

  async publish(events: readonly FacenetEvent[]): Promise<void> {
    this.events.push(...events);
  }
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };

/** Sums up what was counted. */
export class FakeMetrics implements Metrics {
  readonly sums: Partial<Record<Metric, number>> = {};

  add(values: Parameters<Metrics['add']>[0]): void {
    for (const [name, value] of Object.entries(values)) {
      this.sums[name as Metric] = (this.sums[name as Metric] ?? 0) + value;
    }
  }
}

/** Somebody, and whether they stay without a face. */
type FakePerson = PersonRecord & { readonly byName: boolean };

function recordOf({ byName: _, ...person }: FakePerson): PersonRecord {
  return person;
}

/** The registry in memory, by the same rules as the table. */
export class FakeRegistry implements FaceRegistry {
  readonly images = new Map<string, ImageRecord>();
  readonly faces = new Map<string, FaceRecord>();
  readonly people = new Map<string, FakePerson>();
  readonly collections = new Map<string, CollectionRecord>([
    [defaultCollection, { collection: defaultCollection, createdAt: now }],
  ]);
  #versions = 0;

  async createCollection(collection: string): Promise<boolean> {
    if (this.collections.has(collection)) return false;
    this.collections.set(collection, { collection, createdAt: now });
    return true;
  }

  async getCollection(collection: string): Promise<CollectionRecord | undefined> {
    return this.collections.get(collection);
  }

  async listCollections(page: Page): Promise<Paged<CollectionRecord>> {
    return paged([...this.collections.values()], ({ collection }) => collection, page);
  }

  async deleteCollection(collection: string): Promise<void> {
    if (collection !== defaultCollection) this.collections.delete(collection);
  }

  async countFaces(collection: string): Promise<number> {
    return [...this.faces.values()].filter((face) => face.collection === collection).length;
  }

  async countPeople(collection: string): Promise<number> {
    return [...this.people.values()].filter((person) => person.collection === collection).length;
  }

  async claimImage(image: Parameters<FaceRegistry['claimImage']>[0]): Promise<Claim> {
    const known = this.images.get(image.imageId);
    if (known && known.sequencer > image.sequencer) return 'superseded';
    if (known?.sequencer === image.sequencer) {
      if (known.status === 'erased') return 'superseded';
      if (known.status !== 'detecting' && known.status !== 'embedding') return 'done';
    }
    this.images.set(image.imageId, { ...image, status: 'detecting', faceIds: [], pending: [], updatedAt: now });
    return 'claimed';
  }

  async getImage(imageId: string): Promise<ImageRecord | undefined> {
    return this.images.get(imageId);
  }

  async expectFaces({ width, height, faceIds, ...ref }: Parameters<FaceRegistry['expectFaces']>[0]): Promise<boolean> {
    return this.#change(ref, ['detecting', 'embedding'], {
      status: 'embedding',
      width,
      height,
      faceIds,
      pending: faceIds,
    });
  }

  async finishImage(ref: Pick<ImageRecord, 'imageId' | 'sequencer'>, end: 'indexed' | 'enrolled'): Promise<boolean> {
    return this.#change(ref, ['embedding', 'indexed', 'enrolled'], { status: end });
  }

  async rejectImage(
    ref: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    rejection: NonNullable<ImageRecord['rejection']>,
  ): Promise<boolean> {
    return this.#change(ref, ['detecting', 'embedding', 'rejected'], { status: 'rejected', rejection });
  }

  async buryImage(imageId: string, sequencer?: string): Promise<boolean> {
    const known = this.images.get(imageId);
    if (known && sequencer !== undefined && known.sequencer > sequencer) return false;
    const buried = {
      imageId,
      collection: '',
      source: { bucket: '', key: '' },
      faceIds: [],
      pending: [],
      updatedAt: now,
    };
    this.images.set(imageId, { ...buried, sequencer: sequencer ?? known?.sequencer ?? '', status: 'erased' });
    return true;
  }

  async addFace(face: FaceRecord): Promise<boolean> {
    if (this.faces.has(face.faceId)) return false;
    this.faces.set(face.faceId, face);
    return true;
  }

  async addVector({ faceId }: Pick<FaceRecord, 'faceId'>, model: string, embedding: Float32Array): Promise<boolean> {
    const known = this.faces.get(faceId);
    if (known) this.faces.set(faceId, { ...known, model, embedding });
    return known !== undefined;
  }

  async faceEmbedded(
    ref: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    faceId: string,
  ): Promise<{ current: boolean; remaining: number }> {
    const known = this.images.get(ref.imageId);
    const pending = known?.pending.filter((id) => id !== faceId) ?? [];
    const current = await this.#change(ref, ['embedding', 'indexed', 'enrolled'], { pending });
    return { current, remaining: current ? pending.length : 0 };
  }

  async facesOfImage(imageId: string): Promise<FaceRecord[]> {
    return [...this.faces.values()].filter((face) => face.imageId === imageId);
  }

  async getFace(collection: string, faceId: string): Promise<FaceRecord | undefined> {
    const face = this.faces.get(faceId);
    return face?.collection === collection ? face : undefined;
  }

  async deleteFaces(faces: readonly FaceRecord[]): Promise<void> {
    for (const { faceId } of faces) {
      const known = this.faces.get(faceId);
      this.faces.delete(faceId);
      if (known?.person) this.#take(known, known.person);
    }
  }

  async setMatch(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'match'>,
    match: Match | undefined,
  ): Promise<WriteOutcome> {
    const known = this.faces.get(face.faceId);
    if (!known) return 'gone';
    if (known.person !== undefined || known.match?.faceId !== face.match?.faceId) return 'changed';
    const { match: _, ...rest } = known;
    this.faces.set(face.faceId, match ? { ...rest, match } : rest);
    return 'written';
  }

  async assignFace(face: Pick<FaceRecord, 'faceId' | 'person'>, person: string | undefined): Promise<WriteOutcome> {
    const known = this.faces.get(face.faceId);
    if (!known) return 'gone';
    if (known.person !== face.person) return 'changed';
    if (known.person !== person) {
      if (known.person !== undefined) this.#take(known, known.person);
      const { person: _, match, ...rest } = known;
      // Each moment is another, as of a clock.
      const assignedAt = new Date(Date.parse(now) + ++this.#versions).toISOString();
      this.faces.set(
        face.faceId,
        person === undefined ? { ...rest, role: 'photo', assignedAt } : { ...rest, role: 'person', person, assignedAt },
      );
    }
    if (person !== undefined) this.#add(known, person);
    return 'written';
  }

  async listFaces(
    collection: string,
    { person, role }: Parameters<FaceRegistry['listFaces']>[1],
    page: Page,
  ): Promise<Paged<FaceRecord>> {
    const named = (face: FaceRecord) =>
      person === undefined ||
      ((face.person ?? face.match?.person) === person && (role === undefined || face.role === role));
    return paged(
      [...this.faces.values()].filter((face) => face.collection === collection && named(face)),
      (face) => face.faceId,
      page,
    );
  }

  async listImages(collection: string, page: Page): Promise<Paged<ImageRecord>> {
    return paged(
      [...this.images.values()].filter((image) => image.collection === collection),
      (image) => image.source.key,
      page,
    );
  }

  async enrol(face: Parameters<FaceRegistry['enrol']>[0]): Promise<void> {
    if (this.faces.get(face.faceId)?.person === face.person) this.#add(face, face.person);
    else this.#take(face, face.person);
  }

  async createPerson(collection: string, person: string): Promise<boolean> {
    const key = `${collection}/${person}`;
    if (this.people.has(key)) return false;
    this.people.set(key, {
      collection,
      person,
      faceIds: [],
      enrolledAt: now,
      version: ++this.#versions,
      byName: true,
    });
    return true;
  }

  async startMove(collection: string, person: string, to: string, version?: number): Promise<WriteOutcome> {
    const known = this.people.get(`${collection}/${person}`);
    if (!known) return 'gone';
    if ((known.movingTo ?? to) !== to || (version ?? known.version) !== known.version) return 'changed';
    this.people.set(`${collection}/${person}`, { ...known, movingTo: to, byName: true, version: ++this.#versions });
    return 'written';
  }

  async deletePerson(collection: string, person: string, version?: number): Promise<'deleted' | 'changed' | 'gone'> {
    const known = this.people.get(`${collection}/${person}`);
    if (!known) return 'gone';
    if (known.faceIds.length > 0 || (version ?? known.version) !== known.version) return 'changed';
    this.people.delete(`${collection}/${person}`);
    return 'deleted';
  }

  async getPerson(collection: string, person: string): Promise<PersonRecord | undefined> {
    const known = this.people.get(`${collection}/${person}`);
    return known && recordOf(known);
  }

  async listPeople(collection: string, page: Page): Promise<Paged<PersonRecord>> {
    return paged(
      [...this.people.values()].filter((person) => person.collection === collection).map(recordOf),
      ({ person }) => person,
      page,
    );
  }

  #add({ collection, faceId }: Pick<FaceRecord, 'collection' | 'faceId'>, person: string): void {
    const key = `${collection}/${person}`;
    const known = this.people.get(key);
    if (known?.faceIds.includes(faceId)) return;
    const made = known ?? { collection, person, enrolledAt: now, byName: false };
    this.people.set(key, { ...made, faceIds: [...(known?.faceIds ?? []), faceId], version: ++this.#versions });
  }

  #take({ collection, faceId }: Pick<FaceRecord, 'collection' | 'faceId'>, person: string): void {
    const key = `${collection}/${person}`;
    const known = this.people.get(key);
    if (!known?.faceIds.includes(faceId)) return;
    const faceIds = known.faceIds.filter((id) => id !== faceId);
    if (faceIds.length > 0 || known.byName) this.people.set(key, { ...known, faceIds, version: ++this.#versions });
    else this.people.delete(key);
  }

  async *facesOfPerson(collection: string, person: string, role: FaceRole): AsyncGenerator<FaceRecord> {
    for (const face of [...this.faces.values()]) {
      const name = role === 'person' ? face.person : face.match?.person;
      if (face.collection === collection && face.role === role && name === person) yield face;
    }
  }

  async nearest(query: Parameters<FaceRegistry['nearest']>[0]): Promise<readonly Neighbour[]> {
    return [...this.faces.values()]
      .filter(
        ({ collection, role, model }) =>
          collection === query.collection && model === query.model && (query.role ?? role) === role,
      )
      .map((face) => ({ face, distance: euclideanDistance(face.embedding, query.embedding) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, query.count);
  }

  #change(
    ref: Pick<ImageRecord, 'imageId' | 'sequencer'>,
    from: readonly ImageRecord['status'][],
    change: Partial<ImageRecord>,
  ): boolean {
    const known = this.images.get(ref.imageId);
    if (known?.sequencer !== ref.sequencer || !from.includes(known.status)) return false;
    this.images.set(ref.imageId, { ...known, ...change });
    return true;
  }
}

/** The moment at which everything happens in these tests. */
export const now = '2026-01-02T03:04:05.678Z';

function paged<T>(items: readonly T[], order: (item: T) => string, { limit, after }: Page): Paged<T> {
  const sorted = [...items]
    .sort((a, b) => (order(a) < order(b) ? -1 : 1))
    .filter((item) => after === undefined || order(item) > after);
  const page = sorted.slice(0, limit);
  return sorted.length > limit ? { items: page, next: order(page.at(-1)!) } : { items: page };
}

/** Answers in memory; as Powertools keeps them, failures leave nothing. */
export class FakeAnswered implements AnsweredRequests {
  readonly #answers = new Map<string, { request: string; answer: StoredAnswer | undefined }>();

  async once(
    { key, request }: Parameters<AnsweredRequests['once']>[0],
    work: () => Promise<StoredAnswer>,
  ): Promise<{ answer: StoredAnswer; isNew: boolean }> {
    const known = this.#answers.get(key);
    if (known && known.request !== request)
      throw new RequestError('IDEMPOTENCY_MISMATCH', 'another request came first');
    if (known && !known.answer) throw new RequestError('CONFLICT', 'the first is under way');
    if (known?.answer) return { answer: known.answer, isNew: false };
    this.#answers.set(key, { request, answer: undefined });
    try {
      const answer = await work();
      this.#answers.set(key, { request, answer });
      return { answer, isNew: true };
    } catch (error) {
      this.#answers.delete(key);
      throw error;
    }
  }
}

export const fakeUploads: PhotoUploads = {
  async sign({ bucket, key, bytes }, seconds) {
    return {
      url: `https://${bucket}.example/${encodeURI(key)}?seconds=${seconds}`,
      headers: { 'content-length': String(bytes) },
    };
  },
};
