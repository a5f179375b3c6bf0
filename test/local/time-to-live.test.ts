import { PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { createAnsweredRequests } from '../../lib/adapters/powertools-idempotency.ts';
import { startTimeToLive } from '../../local/time-to-live.ts';
import { startDynalite, table } from '../adapters/dynalite.ts';

it('answers that have expired go at the start, and nothing else does', async () => {
  const client = await startDynalite();
  const answered = createAnsweredRequests({ client, table });
  const lambda = { getRemainingTimeInMillis: () => 1000 };
  await answered.once({ key: 'now', request: '', lambda }, async () => ({ status: 200, headers: {}, body: 'alice' }));
  const past = { N: String(Math.floor(Date.now() / 1000) - 10) };
  const items = [
    { pk: { S: 'answered' }, sk: { S: 'old' }, expiresAt: past, data: { S: 'bob' } },
    { pk: { S: 'image#1' }, sk: { S: 'image' }, expiresAt: past },
  ];
  for (const Item of items) await client.send(new PutItemCommand({ TableName: table, Item }));
  const { protocol, hostname, port } = await client.config.endpoint!();

  const failures: unknown[] = [];
  const failed = (error: unknown) => failures.push(error);
  const running = await startTimeToLive({ endpoint: `${protocol}//${hostname}:${port}`, table, failed });
  await running.close();

  const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
  expect(failures).toEqual([]);
  expect(Items.map(({ pk, data }) => [pk!.S, data !== undefined]).sort()).toEqual([
    ['answered', true],
    ['image#1', false],
  ]);
  expect(JSON.stringify(Items)).not.toContain('bob');
});
