import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { eventRecordOf } from '../../../local/s3/notifications.ts';
import { ObjectIndex, versionEntry } from '../../../local/s3/object-index.ts';
import { startS3 } from '../../../local/s3/server.ts';
import { until } from '../../until.ts';
import { bucket, clientOf, startFixture } from './fixture.ts';

const Bucket = bucket;

test.each(['off', 'on'] as const)(
  'a process that is killed in the middle of uploads loses none that it had answered, and no event (versions %s)',
  async (versions) => {
    const fixture = await startFixture();
    if (versions === 'on') {
      await fixture.client.send(
        new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
      );
    }
    const answered = new Map<string, string>();
    const etags = new Set<string>();
    const announced = new Set<string>();

    await fixture.restart(async () => {
      for (let round = 0; round < 4; round++) {
        const { child, url } = await startChild(fixture.root, announced);
        const client = clientOf(url);
        const died = once(child, 'close');
        let left = 60 + 20 * round;
        await Promise.all(['a', 'b', 'c/d'].map((Key) => putUntilItDies(Key, round)));
        client.destroy();
        await died;

        async function putUntilItDies(Key: string, of: number): Promise<void> {
          for (let n = 0; ; n++) {
            const Body = `${Key} ${of} ${n}`;
            try {
              const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key, Body }));
              answered.set(Key, Body);
              etags.add(ETag!.replaceAll('"', ''));
              // Some milliseconds later, so that each round breaks off at another step of those under way.
              if (--left === 0) setTimeout(() => child.kill('SIGKILL'), round);
            } catch (error) {
              if (left > 0) throw error;
              return;
            }
          }
        }
      }
    });
    const { client } = fixture;
    await until(() => {
      for (const { s3 } of fixture.events) announced.add(s3.object.eTag!);
      expect([...etags].filter((etag) => !announced.has(etag))).toEqual([]);
    });

    expect(answered.size).toBe(3);
    for (const [Key, body] of answered) {
      const got = await client.send(new GetObjectCommand({ Bucket, Key }));
      const [, round, count] = (await got.Body!.transformToString()).split(' ').map(Number) as [number, number, number];
      const [, lastRound, lastCount] = body.split(' ').map(Number) as [number, number, number];
      expect(round * 1e6 + count).toBeGreaterThanOrEqual(lastRound * 1e6 + lastCount);
    }
    expect(await readdir(`${fixture.state}/arriving`)).toEqual([]);
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    for (const { Key, VersionId } of Versions) {
      const got = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
      expect(await got.Body!.transformToString()).toContain(Key);
    }
  },
);

test('a change that was written down but not done when the process died is done at the next start', async () => {
  const fixture = await startFixture();
  const { client, state } = fixture;
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'old' }));
  await fixture.eventsSeen(1);
  const sequencer = 'F000000000000000';

  await fixture.restart(async () => {
    const index = new ObjectIndex(`${state}/index`);
    const { checksum: _, ...old } = (await index.newest(bucket, 'a'))!;
    const from = { area: 'state', path: 'arriving/one' } as const;
    await writeFile(`${state}/${from.path}`, 'new');
    const { size, mtimeMs, ino } = await lstat(`${state}/${from.path}`);
    const version = { ...old, sequencer, md5: '22af645d1859cb5ca6da0c484f1f37ea', stamp: { size, mtimeMs, ino } };
    const event = eventRecordOf('ObjectCreated:Put', bucket, 'us-east-1', version, sequencer);
    const change = {
      place: { from, to: old.at! },
      drop: [],
      writes: [
        { table: 'versions', key: versionEntry(bucket, 'a', old.sequencer) },
        { table: 'versions', key: versionEntry(bucket, 'a', sequencer), value: version },
        { table: 'outbox', key: sequencer, value: event },
      ],
    } as const;
    await index.write([{ table: 'pending', key: sequencer, value: change }]);
    await index.close();
  });

  const got = await fixture.client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
  expect(await got.Body!.transformToString()).toBe('new');
  await fixture.eventsSeen(2);
  await fixture.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'newer' }));
  await fixture.eventsSeen(3);
  expect(fixture.events[1]!.s3.object.sequencer).toBe(sequencer);
  expect(fixture.events[2]!.s3.object.sequencer > sequencer).toBe(true);
});

test('a folder that another process serves is refused with what to do', async () => {
  const { root } = await startFixture();

  await expect(startS3({ root, buckets: [bucket] })).rejects.toThrow(/another process serves it. Stop that process/);
});

async function startChild(root: string, announced: Set<string>): Promise<{ child: ChildProcess; url: string }> {
  const program = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', program, root], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Promise((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      if (line.startsWith('http')) resolve({ child, url: line });
      else announced.add(line);
    });
  });
}
