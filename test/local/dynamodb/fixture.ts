import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AttributeValue,
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  SearchVectorsCommand,
} from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { startDynamoDb } from '../../../local/dynamodb/server.ts';

export const table = 'faces';
export const vectorIndex = 'embedding';

export function tableInput(dimensions: number): CreateTableCommandInput {
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'collection', 'listing', 'role'].map(attribute),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-collection',
        KeySchema: [
          { AttributeName: 'collection', KeyType: 'HASH' },
          { AttributeName: 'listing', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    VectorIndexes: [
      {
        IndexName: vectorIndex,
        VectorAttribute: { AttributeName: 'vector' },
        Dimensions: dimensions,
        DistanceFunction: 'EUCLIDEAN',
        SearchSchema: [
          { AttributeName: 'collection', SearchSchemaElementType: 'HASH' },
          { AttributeName: 'role', SearchSchemaElementType: 'INLINE_FILTER' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  };
}

export function faceItem(id: string, vector: readonly number[], { collection = 'main', role = 'photo' } = {}) {
  return {
    pk: { S: `image#${id}` },
    sk: { S: 'face' },
    collection: { S: collection },
    role: { S: role },
    vector: numbers(vector),
  };
}

export function faceKey(id: string) {
  return { pk: { S: `image#${id}` }, sk: { S: 'face' } };
}

export function numbers(vector: readonly number[]): { L: AttributeValue[] } {
  return { L: vector.map((value) => ({ N: String(value) })) };
}

export interface Found {
  readonly id: string;
  readonly score: number;
}

export interface Fixture {
  client: DynamoDBClient;
  url: string;
  readonly path: string;
  /** The nearest faces: their ids and scores. */
  search(vector: readonly number[], filter?: { collection?: string; role?: string; count?: number }): Promise<Found[]>;
  /** Stops the server, does something to what it left behind, and starts it again. */
  restart(between?: () => Promise<void>): Promise<void>;
}

/** A server on a new folder, with a table that has a vector index, and a real client of it. */
export async function startFixture(dimensions = 2): Promise<Fixture> {
  const path = await mkdtemp(join(tmpdir(), 'dynamodb-test-'));
  const start = async () => {
    const server = await startDynamoDb({ path });
    return { server, url: server.url, client: clientOf(server.url) };
  };
  let { server, ...rest } = await start();
  const fixture: Fixture = {
    ...rest,
    path,
    async search(vector, { collection = 'main', role, count = 10 } = {}) {
      const { SearchResults = [] } = await fixture.client.send(
        new SearchVectorsCommand({
          TableName: table,
          IndexName: vectorIndex,
          SearchVector: numbers(vector).L,
          SearchConditionExpression: role === undefined ? '#c = :c' : '#c = :c AND #r = :r',
          ExpressionAttributeNames: { '#c': 'collection', ...(role !== undefined && { '#r': 'role' }) },
          ExpressionAttributeValues: { ':c': { S: collection }, ...(role !== undefined && { ':r': { S: role } }) },
          TopK: count,
        }),
      );
      return SearchResults.map(({ Item, Score }) => ({ id: Item!.pk!.S!.replace('image#', ''), score: Score! }));
    },
    async restart(between) {
      fixture.client.destroy();
      await server.close();
      await between?.();
      ({ server, ...rest } = await start());
      Object.assign(fixture, rest);
    },
  };
  onTestFinished(async () => {
    fixture.client.destroy();
    await server.close();
    await rm(path, { recursive: true });
  });
  await fixture.client.send(new CreateTableCommand(tableInput(dimensions)));
  return fixture;
}

export function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}
