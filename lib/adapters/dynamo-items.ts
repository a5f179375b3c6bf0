import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, NumberValueImpl as NumberValue, unmarshall } from '@aws-sdk/util-dynamodb';
import type { CollectionRecord, FaceRecord, FaceRole, ImageRecord, PersonRecord } from '../core/records.ts';
import { isVectorName, vectorName } from './dynamo-table.ts';

/** An item as DynamoDB speaks it. */
export type Item = Record<string, AttributeValue>;

/** The most bytes of an object's key that are kept in a sort key, which holds 1,024; keys that agree in so many are told apart by their id. */
const listedBytes = 1000;

/** What `begins_with` looks for to find items of one kind. */
export const prefix = { face: 'face#', image: 'image#', person: 'person#', collection: 'collection#' } as const;

/** The key of an image's item. */
export function imageKey(imageId: string): Item {
  return marshall({ pk: `${prefix.image}${imageId}`, sk: 'image' });
}

/** The key of a face's item, which lies in its image's partition. */
export function faceKey({ imageId, faceId }: Pick<FaceRecord, 'imageId' | 'faceId'>): Item {
  return marshall({ pk: `${prefix.image}${imageId}`, sk: faceListing(faceId) });
}

/** The partition of all collections. */
export const collectionsPartition = 'collections';

/** The key of a collection's item. */
export function collectionKey(collection: string): Item {
  return marshall({ pk: collectionsPartition, sk: `${prefix.collection}${collection}` });
}

/** A collection's item. */
export function collectionItem(record: CollectionRecord): Item {
  return { ...collectionKey(record.collection), ...marshall(record) };
}

/** Reads a collection's item. */
export function collectionOf(item: Item): CollectionRecord {
  const { collection, createdAt } = unmarshall(item);
  return { collection, createdAt };
}

/** The partition of the people of a collection. */
export function peoplePartition(collection: string): string {
  return `people#${collection}`;
}

/** The key of a person's item. */
export function personItemKey(collection: string, person: string): Item {
  return marshall({ pk: peoplePartition(collection), sk: `${prefix.person}${person}` });
}

/** The partition of `by-person`. Collections and names are segments of a key, so no slash is in them. */
export function personPartition(collection: string, role: FaceRole, person: string): string {
  return `${collection}/${role}/${person}`;
}

/** The place of a face in the lists of its collection and of its person. */
export function faceListing(faceId: string): string {
  return `${prefix.face}${faceId}`;
}

/** An image that was taken up; what is undefined is left out. */
export function imageItem(image: Omit<ImageRecord, 'faceIds' | 'pending'>): Item {
  const listing = prefix.image + Buffer.from(image.source.key).subarray(0, listedBytes).toString();
  return { ...imageKey(image.imageId), ...marshallDefined({ ...image, listing }) };
}

/** What stays of an image that was erased: nothing that says what it was, and nothing that any index would list. */
export function tombstoneItem(
  imageId: string,
  sequencer: string,
  { updatedAt, expiresAt }: { readonly updatedAt: string; readonly expiresAt: number },
): Item {
  return { ...imageKey(imageId), ...marshall({ imageId, sequencer, status: 'erased', updatedAt, expiresAt }) };
}

/** Reads an image's item; a tombstone is an erased image without a key. */
export function imageOf(item: Item): ImageRecord {
  const { pk, sk, listing, expiresAt, pending = [], ...image } = unmarshall(item);
  const erased = { collection: '', source: { bucket: '', key: '' }, faceIds: [] };
  return { ...erased, ...image, pending: [...pending] } as unknown as ImageRecord;
}

/** A face with its vector, listed in its collection, and with its person when it is somebody's. */
export function faceItem({ embedding, ...face }: FaceRecord): Item {
  const person = face.person ?? face.match?.person;
  const personKey = person === undefined ? undefined : personPartition(face.collection, face.role, person);
  return {
    ...faceKey(face),
    ...marshallDefined({ ...face, listing: faceListing(face.faceId), personKey }),
    [vectorName(face.model)]: { L: vectorList(embedding) },
  };
}

/** Reads a face's item with the vector of the embedder `preferred`, where it has one; else with that of the embedder it was stored by. */
export function faceOf(item: Item, preferred?: string): FaceRecord {
  const stored = item.model!.S!;
  const model = preferred !== undefined && item[vectorName(preferred)] ? preferred : stored;
  const embedding = Float32Array.from(item[vectorName(model)]!.L!, ({ N }) => Number(N));
  const { pk, sk, listing, personKey, ...face } = unmarshall(withoutVectors(item));
  return { ...face, model, embedding } as FaceRecord;
}

function withoutVectors(item: Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !isVectorName(name)));
}

/** A vector as a list of numbers. Nine significant digits carry a float32 there and back unchanged (C's FLT_DECIMAL_DIG), at half the bytes of a float64's seventeen. */
export function vectorList(embedding: Float32Array): AttributeValue[] {
  return Array.from(embedding, (value) => ({ N: value.toPrecision(9) }));
}

/** The same, as a value that is yet to be marshalled. */
export function vectorNumbers(embedding: Float32Array): NumberValue[] {
  return Array.from(embedding, (value) => NumberValue.from(value.toPrecision(9)));
}

/** Reads a person's item; undefined for one whose last face has just been taken away, and who was not made by name. */
export function personOf(item: Item): PersonRecord | undefined {
  const { collection, person, faceIds = [], byName, enrolledAt, version, movingTo } = unmarshall(item);
  const record = { collection, person, faceIds: [...faceIds], enrolledAt, version, ...(movingTo && { movingTo }) };
  return byName || record.faceIds.length > 0 ? record : undefined;
}

function marshallDefined(value: object): Item {
  return marshall(value, { removeUndefinedValues: true });
}
