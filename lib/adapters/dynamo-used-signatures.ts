import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { UsedSignatures } from '../core/access.ts';
import { DynamoTable } from './dynamo-access.ts';

/** Used signatures as items of the table, which its time to live removes: whichever process sees the same one again finds it there. */
export function createUsedSignatures(client: DynamoDBClient, tableName: string): UsedSignatures {
  const table = new DynamoTable(client, tableName);
  const keyOf = (signature: string) => marshall({ pk: `signature#${signature}`, sk: 'signature' });
  return {
    use(signature, expiresAt) {
      // The client tries again by itself when an answer is lost; that is no replay.
      const use = randomUUID();
      const item = marshall({ use, expiresAt: Math.ceil(expiresAt / 1000) });
      return table.putWhen({ ...keyOf(signature), ...item }, 'attribute_not_exists(#pk) OR #use = :use', { use });
    },
    async release(signature) {
      await table.deleteWhen(keyOf(signature), 'attribute_exists(#pk)');
    },
  };
}
