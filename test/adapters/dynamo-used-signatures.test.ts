import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { createUsedSignatures } from '../../lib/adapters/dynamo-used-signatures.ts';
import { startDynalite, table } from './dynalite.ts';

const signature = 'ab'.repeat(32);
const expiresAt = Date.UTC(2026, 10, 25, 12, 5);

it('a signature is used once, whichever process sees it, and again when it was released', async () => {
  const client = await startDynalite();
  const [one, other] = [createUsedSignatures(client, table), createUsedSignatures(client, table)];

  const uses = await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 ? one : other).use(signature, expiresAt)));

  expect(uses.filter(Boolean)).toHaveLength(1);
  expect(await other.use('cd'.repeat(32), expiresAt)).toBe(true);
  await one.release(signature);
  await one.release(signature);
  expect(await other.use(signature, expiresAt)).toBe(true);
});

it('a used signature goes when it has expired, by the time to live of the table', async () => {
  const client = await startDynalite();
  await createUsedSignatures(client, table).use(signature, expiresAt);

  const Key = { pk: { S: `signature#${signature}` }, sk: { S: 'signature' } };
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key }));
  expect(Item?.expiresAt).toEqual({ N: String(expiresAt / 1000) });
});

it('a use whose answer was lost is no replay when the client asks again by itself', async () => {
  const client = await startDynalite();
  let lost = false;
  client.middlewareStack.add(
    (next) => async (args) => {
      if (!lost) {
        lost = true;
        await next(args);
      }
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  expect(await createUsedSignatures(client, table).use(signature, expiresAt)).toBe(true);
});
