import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { BatchWriteItemCommand, DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, it, onTestFinished } from 'vitest';
import { seededRandom } from '../../../lib/vision/seeded-random.ts';
import { bruteForce } from './brute-force.ts';
import { clientOf, faceItem, faceKey, startFixture, table } from './fixture.ts';

it('holds what the table holds after a process that was killed in the middle of writes', async () => {
  const fixture = await startFixture();
  const random = seededRandom(5);
  const anyId = () => String(Math.floor(random() * 40)).padStart(2, '0');
  const anyItem = () => faceItem(anyId(), [random(), random()]);
  let left = 0;

  await fixture.restart(async () => {
    for (let round = 0; round < 4; round++) {
      const { child, url } = await startChild(fixture.path);
      const client = clientOf(url);
      const died = once(child, 'exit');
      // Some milliseconds later, so that each round breaks off at another step of those under way.
      const kill = () => setTimeout(() => child.kill('SIGKILL'), round);
      left = 60;
      await Promise.all([1, 2, 3, 4].map(() => writeUntilItDies(client, kill)));
      client.destroy();
      await died;
    }
  });

  const { Items = [] } = await fixture.client.send(new ScanCommand({ TableName: table }));
  const stored = new Map(
    Items.map(({ pk, vector }) => [pk!.S!.slice('image#'.length), Float32Array.from(vector!.L!, ({ N }) => Number(N))]),
  );
  expect(stored.size).toBeGreaterThan(3);
  const found = await fixture.search([0.5, 0.5], { count: 100 });
  expect(found.map(({ id }) => id)).toEqual(
    bruteForce(stored, new Float32Array([0.5, 0.5]), 100).map(({ key }) => key),
  );

  async function writeUntilItDies(client: ReturnType<typeof clientOf>, kill: () => void): Promise<void> {
    for (;;) {
      try {
        await writeSomething(client);
        if (--left === 0) kill();
      } catch (error) {
        if (left > 0) throw error;
        return;
      }
    }
  }

  function writeSomething(client: ReturnType<typeof clientOf>): Promise<unknown> {
    const kind = random();
    if (kind < 0.3) return client.send(new DeleteItemCommand({ TableName: table, Key: faceKey(anyId()) }));
    if (kind < 0.6) return client.send(new PutItemCommand({ TableName: table, Item: anyItem() }));
    const items = new Map([anyItem(), anyItem(), anyItem()].map((item) => [item.pk.S, item]));
    const puts = Array.from(items.values(), (Item) => ({ PutRequest: { Item } }));
    return client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
});

/** The server in a process of its own. */
async function startChild(path: string) {
  const file = fileURLToPath(new URL('crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', file, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  return { child, url: String(line).trim() };
}
