import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { defaultCollection } from '../core/keys.ts';
import { allPages } from '../core/pages.ts';
import {
  type Claim,
  type FaceRegistry,
  mostNeighbours,
  type Neighbour,
  type Page,
  type Paged,
  type WriteOutcome,
} from '../core/ports.ts';
import type { CollectionRecord, FaceRecord, FaceRole, ImageRecord, Match, PersonRecord } from '../core/records.ts';
import { euclideanDistance } from '../vision/distance.ts';
import { chunks } from './batches.ts';
import { DynamoTable, type Listing, type Write } from './dynamo-access.ts';
import { expressionAttributes } from './dynamo-expressions.ts';
import {
  collectionItem,
  collectionKey,
  collectionOf,
  collectionsPartition,
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
type StoredFace = Pick<FaceRecord, 'imageId' | 'faceId' | 'collection'>;

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
  unknown: 'attribute_not_exists(#pk)',
  isPerson: 'attribute_exists(#faceIds) OR attribute_exists(#byName)',
  movesNowhereElse:
    '(attribute_exists(#faceIds) OR attribute_exists(#byName)) AND (attribute_not_exists(#movingTo) OR #movingTo = :to)',
  movesNowhereElseAsBefore:
    '#version = :version AND (attribute_exists(#faceIds) OR attribute_exists(#byName)) AND (attribute_not_exists(#movingTo) OR #movingTo = :to)',
  isNobody: 'attribute_not_exists(#faceIds) AND attribute_not_exists(#byName)',
  withoutFaces: 'attribute_exists(#byName) AND attribute_not_exists(#faceIds)',
  withoutFacesAsBefore: 'attribute_exists(#byName) AND attribute_not_exists(#faceIds) AND #version = :version',
  hasFace: 'contains(#faceIds, :faceId)',
  hasNotFace: 'NOT contains(#faceIds, :faceId)',
  matchedAsBefore: 'attribute_not_exists(#person) AND #match.#faceId = :before',
  unknownAsBefore: 'attribute_exists(#pk) AND attribute_not_exists(#person) AND attribute_not_exists(#match)',
  assignedAsBefore: '#person = :before',
  unassignedAsBefore: 'attribute_exists(#pk) AND attribute_not_exists(#person)',
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

/** The index is approximate, so more neighbours are fetched than asked for: this many times, and no fewer than `fetchedAtLeast`. */
const fetchedTimes = 2;
const fetchedAtLeast = 25;

/** How many faces are deleted at once. */
const deletedAtOnce = 25;

/** What each change of a person writes. The version begins with the time, so that one who is made anew takes up no number that was given before. */
const personAssignments =
  'SET #collection = :collection, #person = :person, #enrolledAt = if_not_exists(#enrolledAt, :now), #version = if_not_exists(#version, :start) + :one';

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

  async createCollection(collection: string): Promise<boolean> {
    return this.#table.putWhen(collectionItem({ collection, createdAt: this.#timestamp() }), condition.unknown);
  }

  async getCollection(collection: string): Promise<CollectionRecord | undefined> {
    const item = await this.#table.get(collectionKey(collection));
    if (item || collection !== defaultCollection) return item && collectionOf(item);
    await this.createCollection(collection);
    return this.getCollection(collection);
  }

  async listCollections(page: Page): Promise<Paged<CollectionRecord>> {
    await this.getCollection(defaultCollection);
    const { items, ...more } = await this.#table.page(inPartition(collectionsPartition, prefix.collection), page);
    return { items: items.map(collectionOf), ...more };
  }

  async deleteCollection(collection: string): Promise<void> {
    await this.#table.delete(collectionKey(collection));
  }

  countFaces(collection: string): Promise<number> {
    return this.#table.count(inCollection(collection, prefix.face));
  }

  countPeople(collection: string): Promise<number> {
    return this.#table.count(inPartition(peoplePartition(collection), prefix.person), condition.isPerson);
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

  addFace(face: FaceRecord): Promise<boolean> {
    return this.#table.putWhen(faceItem(face), condition.unknown);
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

  async getFace(collection: string, faceId: string, imageId?: string): Promise<FaceRecord | undefined> {
    const item =
      imageId === undefined
        ? (await this.#table.page(inCollection(collection, faceListing(faceId)), { limit: 1 })).items[0]
        : await this.#table.get(faceKey({ imageId, faceId }));
    const face = item && this.#faceOf(item);
    return face?.collection === collection ? face : undefined;
  }

  async deleteFaces(faces: readonly FaceRecord[]): Promise<void> {
    for (const some of chunks(faces, deletedAtOnce)) await Promise.all(some.map((face) => this.#deleteFace(face)));
  }

  async #deleteFace(face: FaceRecord): Promise<void> {
    // The person comes first: should this end between the two, the next delivery still finds the face.
    if (face.person !== undefined) await this.#takeFromPerson(face, face.person);
    // And last, for it can have been assigned meanwhile.
    const { person } = (await this.#table.delete(faceKey(face))) ?? {};
    if (person) await this.#takeFromPerson(face, person.S!);
  }

  async setMatch(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'match'>,
    match: Match | undefined,
  ): Promise<WriteOutcome> {
    const before = face.match?.faceId;
    return this.#updateFace(face, {
      update: match ? 'SET #match = :match, #personKey = :personKey' : 'REMOVE #match, #personKey',
      when: before === undefined ? condition.unknownAsBefore : condition.matchedAsBefore,
      values: { match, personKey: match && personPartition(face.collection, 'photo', match.person), before },
    });
  }

  async assignFace(
    face: Pick<FaceRecord, 'imageId' | 'faceId' | 'collection' | 'person'>,
    person: string | undefined,
  ): Promise<WriteOutcome> {
    const { collection, person: before } = face;
    // The former person comes first: should this end between the two, whoever repeats it still knows whose the face was.
    if (before !== undefined && before !== person) await this.#takeFromPerson(face, before);
    const role: FaceRole = person === undefined ? 'photo' : 'person';
    const outcome = await this.#updateFace(face, {
      update:
        before === person
          ? 'SET #role = :role'
          : person === undefined
            ? 'SET #role = :role, #assignedAt = :now REMOVE #person, #personKey'
            : 'SET #role = :role, #assignedAt = :now, #person = :person, #personKey = :personKey REMOVE #match',
      when: before === undefined ? condition.unassignedAsBefore : condition.assignedAsBefore,
      values: {
        role,
        now: this.#timestamp(),
        person,
        personKey: person === undefined ? undefined : personPartition(collection, role, person),
        before,
      },
    });
    const people = new Set([before, person].filter((name) => name !== undefined));
    if (outcome === 'written') await this.#settle(face, people);
    return outcome;
  }

  async listFaces(
    collection: string,
    { person, role }: Parameters<FaceRegistry['listFaces']>[1],
    page: Page,
  ): Promise<Paged<FaceRecord>> {
    const roles: readonly FaceRole[] = role ? [role] : ['person', 'photo'];
    const listing =
      person === undefined
        ? inCollection(collection, prefix.face)
        : ofPerson(...roles.map((each) => personPartition(collection, each, person)));
    const { items, ...more } = await this.#table.page(listing, page);
    return { items: items.map(this.#faceOf), ...more };
  }

  async listImages(collection: string, page: Page): Promise<Paged<ImageRecord>> {
    const { items, ...more } = await this.#table.page(inCollection(collection, prefix.image), page);
    return { items: items.map(imageOf), ...more };
  }

  async enrol(face: Parameters<FaceRegistry['enrol']>[0]): Promise<void> {
    await this.#settle(face, [face.person]);
  }

  async createPerson(collection: string, person: string): Promise<boolean> {
    const write = { update: ', #byName = :byName', when: condition.isNobody, values: { byName: true } };
    return (await this.#updatePerson(collection, person, write)) !== undefined;
  }

  async startMove(collection: string, person: string, to: string, version?: number): Promise<WriteOutcome> {
    const when = version === undefined ? condition.movesNowhereElse : condition.movesNowhereElseAsBefore;
    // Without faces, too, the person stays until the move is through.
    const write = { update: ', #movingTo = :to, #byName = :byName', when, values: { to, byName: true, version } };
    if (await this.#updatePerson(collection, person, write)) return 'written';
    return (await this.getPerson(collection, person)) ? 'changed' : 'gone';
  }

  async deletePerson(collection: string, person: string, version?: number): Promise<'deleted' | 'changed' | 'gone'> {
    const when = version === undefined ? condition.withoutFaces : condition.withoutFacesAsBefore;
    if (await this.#table.deleteWhen(personItemKey(collection, person), when, { version })) return 'deleted';
    return (await this.getPerson(collection, person)) ? 'changed' : 'gone';
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
    for await (const item of allPages((page) => this.#table.page(listing, page))) yield this.#faceOf(item);
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

  /**
   * Has a face listed with the one of these people whose it is, and with no other. As somebody else may do the same with what they read, it looks again until
   * nothing has changed meanwhile: then whoever looks last is right.
   */
  async #settle(face: StoredFace, people: Iterable<string>): Promise<void> {
    const owner = async () => (await this.#table.get(faceKey(face)))?.person?.S;
    for (let before = await owner(), after = before; ; before = after) {
      for (const person of people) {
        await (person === before ? this.#addToPerson(face, person) : this.#takeFromPerson(face, person));
      }
      after = await owner();
      if (after === before) return;
    }
  }

  async #addToPerson({ collection, faceId }: StoredFace, person: string): Promise<void> {
    await this.#updatePerson(collection, person, {
      update: ' ADD #faceIds :faceIds',
      when: condition.hasNotFace,
      values: { faceIds: new Set([faceId]), faceId },
    });
  }

  /** Takes an enrolled face from its person. The person goes with the last one, unless made by name, or another has been enrolled meanwhile. */
  async #takeFromPerson({ collection, faceId }: StoredFace, person: string): Promise<void> {
    const item = await this.#updatePerson(collection, person, {
      update: ' DELETE #faceIds :faceIds',
      when: condition.hasFace,
      values: { faceIds: new Set([faceId]), faceId },
    });
    if (!item?.faceIds) await this.#table.deleteWhen(personItemKey(collection, person), condition.isNobody);
  }

  /** Changes a person's item, or makes it, one version further; `update` goes on from its assignments. */
  #updatePerson(collection: string, person: string, { update, when, values }: Write): Promise<Item | undefined> {
    const now = this.#now();
    return this.#table.update(personItemKey(collection, person), {
      update: personAssignments + update,
      when,
      values: { ...values, collection, person, now: now.toISOString(), start: now.getTime(), one: 1 },
    });
  }

  async #updateFace(face: StoredFace, write: Write): Promise<WriteOutcome> {
    if (await this.#table.update(faceKey(face), write)) return 'written';
    return (await this.#table.get(faceKey(face))) ? 'changed' : 'gone';
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
