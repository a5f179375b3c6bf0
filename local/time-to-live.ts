import { DeleteItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { attribute } from '../lib/adapters/dynamo-table.ts';
import { answersPartition } from '../lib/adapters/powertools-idempotency.ts';
import { localDynamoDbClient } from './clients.ts';

/** Milliseconds between looks. */
const hour = 60 * 60 * 1000;

/**
 * Stands for DynamoDB's time to live, which dynalite has not, as far as expired items name people: the answers to writes. They go at the start and every hour.
 * Tombstones and used signatures stay; they hold nothing personal.
 */
export async function startTimeToLive({
  endpoint,
  table,
  failed,
}: {
  readonly endpoint: string;
  readonly table: string;
  readonly failed: (error: unknown) => void;
}): Promise<{ close(): Promise<void> }> {
  const client = localDynamoDbClient(endpoint);
  const { partition, sort, expiresAt } = attribute;
  const look = async () => {
    const expired = {
      TableName: table,
      KeyConditionExpression: '#partition = :answers',
      FilterExpression: '#expiresAt < :now',
      ProjectionExpression: '#partition, #sort',
      ExpressionAttributeNames: { '#partition': partition, '#sort': sort, '#expiresAt': expiresAt },
      ExpressionAttributeValues: {
        ':answers': { S: answersPartition },
        ':now': { N: String(Math.floor(Date.now() / 1000)) },
      },
    };
    for await (const { Items = [] } of paginateQuery({ client }, expired)) {
      for (const Key of Items) await client.send(new DeleteItemCommand({ TableName: table, Key }));
    }
  };
  let looking = look().catch(failed);
  await looking;
  const timer = setInterval(() => {
    looking = look().catch(failed);
  }, hour).unref();
  return {
    async close() {
      clearInterval(timer);
      await looking;
      client.destroy();
    },
  };
}
