import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { onTestFinished } from 'vitest';
import { attribute, tableDefinition } from '../../lib/adapters/dynamo-table.ts';

export const table = 'facenet';

/** A client of a table in memory. dynalite knows no vector indexes, so the table goes without. It is gone when the test ends. */
export async function startDynalite(): Promise<DynamoDBClient> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const {
    VectorIndexes: _,
    AttributeDefinitions,
    ...definition
  } = tableDefinition({
    table,
    embedder: { id: 'plane', dimensions: 2 },
  });
  const keyAttributes = AttributeDefinitions.filter(({ AttributeName }) => AttributeName !== attribute.role);
  await client.send(new CreateTableCommand({ ...definition, AttributeDefinitions: keyAttributes }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName: table });
  return client;
}
