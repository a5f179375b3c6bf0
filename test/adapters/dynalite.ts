import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DeleteTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { onTestFinished } from 'vitest';
import { attribute, tableDefinition } from '../../lib/adapters/dynamo-table.ts';

export const table = 'facenet';

/** Another server to ask instead of dynalite, for a second opinion; second-opinion.test.ts sets it. */
export const otherServer = 'FACENET_TEST_DYNAMODB';

/** A client of a table in memory. dynalite knows no vector indexes, so the table goes without. It is gone when the test ends. */
export async function startDynalite(): Promise<DynamoDBClient> {
  const { endpoint, stop } = await startServer();
  const client = new DynamoDBClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    await client.send(new DeleteTableCommand({ TableName: table }));
    client.destroy();
    await stop();
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
  await waitUntilTableExists({ client, maxWaitTime: 240, minDelay: 0.05, maxDelay: 0.05 }, { TableName: table });
  return client;
}

async function startServer(): Promise<{ readonly endpoint: string; stop(): Promise<unknown> }> {
  const endpoint = process.env[otherServer];
  if (endpoint) return { endpoint, stop: async () => undefined };
  const server = dynalite({ createTableMs: 0 });
  // A client that a busy machine delays must not send into a connection that is just being closed.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
