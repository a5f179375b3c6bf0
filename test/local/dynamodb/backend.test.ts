import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { Backend } from '../../../local/dynamodb/backend.ts';

it('is asked over no connection that it is just ending, however long this process stood still', async () => {
  const path = await mkdtemp(join(tmpdir(), 'dynamodb-backend-'));
  const backend = new Backend(path);
  await backend.start();
  onTestFinished(async () => {
    await backend.close();
    await rm(path, { recursive: true });
  });
  const list = () => backend.call('ListTables', {});
  await Promise.all(Array.from({ length: 20 }, list));

  // Node's servers end a connection that was idle for 5 s or somewhat more: that time is over when all goes on, and every request is late.
  const late = Array.from({ length: 20 }, (_, i) => wait(4990 + 60 * i).then(list));
  setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000), 4500);

  expect(await Promise.all(late)).toEqual(Array.from({ length: 20 }, () => ({ TableNames: [] })));
});
