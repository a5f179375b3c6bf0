import type { CreateTableCommandInput, CreateVectorIndexAction } from '@aws-sdk/client-dynamodb';
import type { EmbedderCard } from '../vision/embedder-card.ts';

/** Names of the table's key and index attributes. */
export const attribute = {
  partition: 'pk',
  sort: 'sk',
  /** Of images and faces: the collection they are in. */
  collection: 'collection',
  /** Of images and faces: their place in the lists of a collection. */
  listing: 'listing',
  /** Of faces that are somebody's: the collection, the role and the name. */
  personKey: 'personKey',
  /** Of faces: whether they were enrolled (`person`) or are to be named (`photo`). */
  role: 'role',
  /** Of tombstones and of used signatures: when DynamoDB's time to live removes them, in seconds since 1970. */
  expiresAt: 'expiresAt',
} as const;

/** Names of the table's secondary indexes. They hold keys alone; what they find is read from the table, which is never behind. */
export const index = { byCollection: 'by-collection', byPerson: 'by-person' } as const;

const vectorPrefix = 'embedding-';

/** The attribute that holds the vectors of one embedder, and the vector index over it: vectors of different models cannot meet. */
export function vectorName(embedder: string): string {
  return vectorPrefix + embedder;
}

/** The embedder whose vectors an attribute or index of that name holds. */
export function embedderOf(name: string): string {
  return name.slice(vectorPrefix.length);
}

/** Whether an attribute holds vectors. */
export function isVectorName(name: string): boolean {
  return name.startsWith(vectorPrefix);
}

/**
 * The table, as CreateTable takes it: on demand, as vector indexes want it. Time to live is set apart from it, on `attribute.expiresAt`.
 * A second embedder is a second vector index beside the first.
 */
export function tableDefinition({
  table,
  embedder,
}: {
  readonly table: string;
  readonly embedder: Pick<EmbedderCard, 'id' | 'dimensions'>;
}) {
  const { partition, sort, collection, listing, personKey, role } = attribute;
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    // Every attribute of a key or of a search schema, and no other.
    AttributeDefinitions: [partition, sort, collection, listing, personKey, role].map((name) => ({
      AttributeName: name,
      AttributeType: 'S' as const,
    })),
    KeySchema: keySchema(partition, sort),
    GlobalSecondaryIndexes: [
      {
        IndexName: index.byCollection,
        KeySchema: keySchema(collection, listing),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: index.byPerson,
        KeySchema: keySchema(personKey, listing),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    VectorIndexes: [vectorIndex(embedder)],
  } satisfies CreateTableCommandInput;
}

/** The vector index of an embedder, as CreateTable and UpdateTable take it. */
export function vectorIndex({ id, dimensions }: Pick<EmbedderCard, 'id' | 'dimensions'>) {
  return {
    IndexName: vectorName(id),
    VectorAttribute: { AttributeName: vectorName(id) },
    Dimensions: dimensions,
    DistanceFunction: 'EUCLIDEAN',
    SearchSchema: [
      { AttributeName: attribute.collection, SearchSchemaElementType: 'HASH' },
      { AttributeName: attribute.role, SearchSchemaElementType: 'INLINE_FILTER' },
    ],
    Projection: { ProjectionType: 'ALL' },
  } satisfies CreateVectorIndexAction;
}

function keySchema(hash: string, range: string) {
  return [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
}
