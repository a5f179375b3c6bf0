import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Claim, FaceRegistry, Neighbour, Page, Paged } from '../core/ports.ts';
import type { FaceRecord, FaceRole, ImageRecord, Match, PersonRecord } from '../core/records.ts';
import { euclideanDistance } from '../vision/distance.ts';
import { DynamoTable, type Listing, type Write } from './dynamo-access.ts';
import { expressionAttributes } from './dynamo-expressions.ts';
import {
  faceItem,
  faceKey,
  faceListing,
  faceOf,
  type Item,
  imageItem,
  imageKey,
  imageOf,
  peoplePartition,
  personItemKey,
  personOf,
  personPartition,
  prefix,
  tombstoneItem,
  vectorList,
  vectorNumbers,
} from './dynamo-items.ts';
import { attribute, index, vectorName } from './dynamo-table.ts';

export interface RegistryOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** Whose vectors faces are read with, where they have them. @default the embedder that each was stored by */
  readonly embedder?: string;
  readonly now?: () => Date;
}

type ImageVersion = Pick<ImageRecord, 'imageId' | 'sequencer'>;

/** What must hold for a write to be made. Sequencers are padded: text order is the bucket's order. */
const condition = {
  unknownOlderOrUnfinished:
    'attribute_not_exists(#pk) OR #sequencer < :sequencer OR (#sequencer = :sequencer AND #status IN (:detecting, :embedding))',
  notNewer: 'attribute_not_exists(#pk) OR #sequencer <= :sequencer',
  unfinished: '#sequencer = :sequencer AND #status IN (:detecting, :embedding)',
  unfinishedOrRejected: '#sequencer = :sequencer AND #status IN (:detecting, :embedding, :rejected)',
  unfinishedOrThrough: '#sequencer = :sequencer AND #status IN (:detecting, :embedding, :indexed, :enrolled)',
  embedded:
    '#sequencer = :sequencer AND #status IN (:embedding, :indexed, :enrolled) AND attribute_not_exists(#pending)',
  exists: 'attribute_exists(#pk)',
  withoutFaces: 'attribute_not_exists(#faceIds)',
  matchedAsBefore: 'attribute_exists(#pk) AND #match.#faceId = :before',
  unknownAsBefore: 'attribute_exists(#pk) AND attribute_not_exists(#match)',
} as const;

/** The values of `#status` that conditions speak of. */
const statuses = {
  detecting: 'detecting',
  embedding: 'embedding',
  indexed: 'indexed',
  enrolled: 'enrolled',
  rejected: 'rejected',
} satisfies { [S in ImageRecord['status']]?: S };

/** How long a tombstone stays: as long as SQS keeps a message at most. */
const tombstoneSeconds = 14 * 24 * 60 * 60;

/** What one vector search answers at most. */
const mostNeighbours = 100;

/** The index is approximate, so more neighbours are fetched than asked for: this many times, and no fewer than `fetchedAtLeast`. */
const fetchedTimes = 4;
const fetchedAtLeast = 50;

/** How many faces of a person are read at once; one call of DynamoDB answers so many. */
const readAtOnce = 100;

/** The registry on DynamoDB: single conditional writes, no transactions, no streams. docs/architecture.md tells the items. */
export class DynamoFaceRegistry implements FaceRegistry {
  readonly #table: DynamoTable;
  readonly #embedder: string | undefined;
  readonly #now: () => Date;

  constructor({ client, table, embedder, now = () => new Date() }: RegistryOptions) {
    this.#table = new DynamoTable(client, table);
    this.#embedder = embedder;
    this.#now = now;
  }

  async claimImage(image: Parameters<FaceRegistry['claimImage']>[0]): Promise<Claim> {
    const { imageId, collection, source, sequencer, person, eTag } = image;
    const item = imageItem({
      imageId,
      collection,
      source,
      sequencer,
      ...(person !== undefined && { person }),
      ...(eTag !== undefined && { eTag }),
      status: 'detecting',
      updatedAt: this.#timestamp(),
    });
    const values = { ...statuses, sequencer };
    if (await this.#table.putWhen(item, condition.unknownOlderOrUnfinished, values)) return 'claimed';
    const known = await this.getImage(imageId);
    return known?.sequencer === sequencer && known.status !== 'erased' ? 'done' : 'superseded';
  }

  async getImage(imageId: string): Promise<ImageRecord | undefined> {
    const item = await this.#table.get(imageKey(imageId));
    return item && imageOf(item);
  }

  async expectFaces({
    width,
    height,
    faceIds,
    ...image
  }: Parameters<FaceRegistry['expectFaces']>[0]): Promise<boolean> {
    const assignments =
      'SET #status = :embedding, #updatedAt = :now, #width = :width, #height = :height, #faceIds = :faceIds';
    const pending = faceIds.length > 0 ? ', #pending = :pending' : ' REMOVE #pending';
    const values = { width, height, faceIds, pending: new Set(faceIds) };
    return !!(await this.#updateImage(image, { update: assignments + pending, when: condition.unfinished, values }));
  }

  async finishImage(image: ImageVersion, end: 'indexed' | 'enrolled'): Promise<boolean> {
    const write = { update: 'SET #status = :end, #updatedAt = :now', when: condition.embedded, values: { end } };
    return !!(await this.#updateImage(image, write));
  }

  async rejectImage(image: ImageVersion, rejection: NonNullable<ImageRecord['rejection']>): Promise<boolean> {
    const update = 'SET #status = :rejected, #updatedAt = :now, #rejection = :rejection';
    return !!(await this.#updateImage(image, { update, when: condition.unfinishedOrRejected, values: { rejection } }));
  }

  async buryImage(imageId: string, sequencer?: string): Promise<boolean> {
    const last = sequencer ?? (await this.getImage(imageId))?.sequencer;
    if (last === undefined) return true;
    const expiresAt = Math.floor(this.#now().getTime() / 1000) + tombstoneSeconds;
    const tombstone = tombstoneItem(imageId, last, { updatedAt: this.#timestamp(), expiresAt });
    if (await this.#table.putWhen(tombstone, condition.notNewer, { sequencer: last })) return true;
    return sequencer === undefined ? this.buryImage(imageId) : false;
  }

  async putFace(face: FaceRecord): Promise<void> {
    await this.#table.put(faceItem(face));
  }

  async addVector(
    face: Pick<FaceRecord, 'imageId' | 'faceId'>,
    model: string,
    embedding: Float32Array,
  ): Promise<boolean> {
    const write = {
      update: 'SET #vector = :vector',
      when: condition.exists,
      values: { vector: vectorNumbers(embedding) },
      aliases: { vector: vectorName(model) },
    };
    return (await this.#table.update(faceKey(face), write)) !== undefined;
  }

  async faceEmbedded(
    image: ImageVersion,
    faceId: string,
  ): Promise<{ readonly current: boolean; readonly remaining: number }> {
    const values = { done: new Set([faceId]) };
    const write = { update: 'DELETE #pending :done', when: condition.unfinishedOrThrough, values };
    const item = await this.#updateImage(image, write);
    return item ? { current: true, remaining: imageOf(item).pending.length } : { current: false, remaining: 0 };
  }

  async facesOfImage(imageId: string): Promise<FaceRecord[]> {
    const faces: FaceRecord[] = [];
    const items = this.#table.query(inPartition(imageKey(imageId).pk!.S!, prefix.face));
    for await (const item of items) faces.push(this.#faceOf(item));
    return faces;
  }

  async getFace(collection: string, faceId: string): Promise<FaceRecord | undefined> {
    const { items } = await this.#table.page(inCollection(collection, faceListing(faceId)), { limit: 1 });
    return items[0] && this.#faceOf(items[0]);
  }

  async deleteFaces(faces: readonly FaceRecord[]): Promise<void> {
    // The person comes first: should this end between the two, the next delivery still finds the faces.
    for (const face of faces) if (face.person !== undefined) await this.#takeFromPerson(face, face.person);
    await this.#table.deleteAll(faces.map(faceKey));
  }

  async setMatch(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'match'>,
    match: Match | undefined,
  ): Promise<'written' | 'changed' | 'gone'> {
    const before = face.match?.faceId;
    const write = {
      update: match ? 'SET #match = :match, #personKey = :personKey' : 'REMOVE #match, #personKey',
      when: before === undefined ? condition.unknownAsBefore : condition.matchedAsBefore,
      values: { match, personKey: match && personPartition(face.collection, 'photo', match.person), before },
    };
    if (await this.#table.update(faceKey(face), write)) return 'written';
    return (await this.#table.get(faceKey(face))) ? 'changed' : 'gone';
  }

  async listFaces(
    collection: string,
    { person }: { readonly person?: string },
    page: Page,
  ): Promise<Paged<FaceRecord>> {
    const listing =
      person === undefined
        ? inCollection(collection, prefix.face)
        : ofPerson(personPartition(collection, 'person', person), personPartition(collection, 'photo', person));
    const { items, ...more } = await this.#table.page(listing, page);
    return { items: items.map(this.#faceOf), ...more };
  }

  async listImages(collection: string, page: Page): Promise<Paged<ImageRecord>> {
    const { items, ...more } = await this.#table.page(inCollection(collection, prefix.image), page);
    return { items: items.map(imageOf), ...more };
  }

  async enrol({ collection, faceId, person }: Parameters<FaceRegistry['enrol']>[0]): Promise<boolean> {
    const before = await this.#table.upsert(personItemKey(collection, person), {
      update:
        'SET #collection = :collection, #person = :person, #enrolledAt = if_not_exists(#enrolledAt, :now) ADD #faceIds :faceIds',
      values: { collection, person, now: this.#timestamp(), faceIds: new Set([faceId]) },
    });
    return !before?.faceIds;
  }

  async getPerson(collection: string, person: string): Promise<PersonRecord | undefined> {
    const item = await this.#table.get(personItemKey(collection, person));
    return item && personOf(item);
  }

  async listPeople(collection: string, page: Page): Promise<Paged<PersonRecord>> {
    const { items, ...more } = await this.#table.page(inPartition(peoplePartition(collection), prefix.person), page);
    return { items: items.flatMap((item) => personOf(item) ?? []), ...more };
  }

  async *facesOfPerson(collection: string, person: string, role: FaceRole): AsyncGenerator<FaceRecord> {
    const listing = ofPerson(personPartition(collection, role, person));
    let after: string | undefined;
    do {
      const { items, next } = await this.#table.page(listing, { limit: readAtOnce, ...(after && { after }) });
      yield* items.map(this.#faceOf);
      after = next;
    } while (after);
  }

  async nearest({
    collection,
    role,
    model,
    embedding,
    count,
  }: Parameters<FaceRegistry['nearest']>[0]): Promise<readonly Neighbour[]> {
    const search = role === undefined ? '#collection = :collection' : '#collection = :collection AND #role = :role';
    const found = await this.#table.search({
      IndexName: vectorName(model),
      SearchVector: vectorList(embedding),
      SearchConditionExpression: search,
      ...expressionAttributes([search], { collection, role }),
      TopK: Math.min(mostNeighbours, Math.max(fetchedTimes * count, fetchedAtLeast)),
    });
    return found
      .map((item) => faceOf(item, model))
      .map((face) => ({ face, distance: euclideanDistance(face.embedding, embedding) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, count);
  }

  /** Takes an enrolled face from its person. The person goes with the last one, unless another has been enrolled meanwhile. */
  async #takeFromPerson({ collection, faceId }: FaceRecord, person: string): Promise<void> {
    const key = personItemKey(collection, person);
    const values = { gone: new Set([faceId]) };
    const item = await this.#table.update(key, { update: 'DELETE #faceIds :gone', when: condition.exists, values });
    if (item && !item.faceIds) await this.#table.deleteWhen(key, condition.withoutFaces);
  }

  #updateImage({ imageId, sequencer }: ImageVersion, { update, when, values }: Write): Promise<Item | undefined> {
    const known = { ...statuses, sequencer, now: this.#timestamp() };
    return this.#table.update(imageKey(imageId), { update, when, values: { ...known, ...values } });
  }

  readonly #faceOf = (item: Item): FaceRecord => faceOf(item, this.#embedder);

  #timestamp(): string {
    return this.#now().toISOString();
  }
}

function inPartition(partition: string, itemPrefix: string): Listing {
  return { partition: attribute.partition, values: [partition], sort: attribute.sort, prefix: itemPrefix };
}

function inCollection(collection: string, itemPrefix: string): Listing {
  return {
    index: index.byCollection,
    partition: attribute.collection,
    values: [collection],
    sort: attribute.listing,
    prefix: itemPrefix,
  };
}

function ofPerson(...partitions: readonly string[]): Listing {
  return {
    index: index.byPerson,
    partition: attribute.personKey,
    values: partitions,
    sort: attribute.listing,
    prefix: prefix.face,
  };
}
