import { setTimeout as wait } from 'node:timers/promises';
import {
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  UpdateTableCommand,
  type VectorIndexDescription,
} from '@aws-sdk/client-dynamodb';
import { ConfigError } from '../core/errors.ts';
import type { EmbedderCard } from '../vision/embedder-card.ts';
import { attribute, vectorIndex, vectorName } from './dynamo-table.ts';

/** How often it is looked whether an index is ready, in milliseconds. */
const lookedEvery = 1000;

/** The vector indexes of a table; undefined when there is no such table. */
export async function vectorIndexesOf(
  client: DynamoDBClient,
  table: string,
): Promise<readonly VectorIndexDescription[] | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: table }));
    return Table?.VectorIndexes ?? [];
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

/**
 * Whether a table has the vector index of an embedder.
 * @throws ConfigError when there is no such table, or when the index is there with other dimensions
 */
export async function hasVectorIndex(
  client: DynamoDBClient,
  table: string,
  embedder: Pick<EmbedderCard, 'id' | 'dimensions'>,
): Promise<boolean> {
  const indexes = await vectorIndexesOf(client, table);
  if (!indexes) throw new ConfigError(`Expected a table ${table}, found none. Deploy it first, or correct its name.`);
  const known = indexes.find(({ IndexName }) => IndexName === vectorName(embedder.id));
  if (known && known.Dimensions !== embedder.dimensions) {
    throw new ConfigError(
      `Expected the vector index of ${embedder.id} to have ${embedder.dimensions} dimensions, found one of ${known.Dimensions}. Give the embedder another id, or delete the index.`,
    );
  }
  return known !== undefined;
}

/**
 * Adds the vector index of an embedder to a table that has none of it. DynamoDB builds it by itself; vectors can be written meanwhile.
 * @throws ConfigError as `hasVectorIndex`
 */
export async function ensureVectorIndex(
  client: DynamoDBClient,
  table: string,
  embedder: Pick<EmbedderCard, 'id' | 'dimensions'>,
): Promise<void> {
  if (await hasVectorIndex(client, table, embedder)) return;
  const names = [attribute.collection, attribute.role];
  await client.send(
    new UpdateTableCommand({
      TableName: table,
      AttributeDefinitions: names.map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      VectorIndexUpdates: [{ Create: vectorIndex(embedder) }],
    }),
  );
}

/** Waits until the vector index of an embedder answers searches: DynamoDB builds it of what the table holds. */
export async function vectorIndexIsActive(client: DynamoDBClient, table: string, embedder: string): Promise<void> {
  for (;;) {
    const indexes = await vectorIndexesOf(client, table);
    const index = indexes?.find(({ IndexName }) => IndexName === vectorName(embedder));
    if (!index || index.IndexStatus === 'ACTIVE') return;
    await wait(lookedEvery);
  }
}
