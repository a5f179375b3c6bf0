import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import type { S3EventRecord } from '../../../local/s3/notifications.ts';
import { type S3Options, type S3Server, startS3 } from '../../../local/s3/server.ts';
import { until } from '../../until.ts';

export const bucket = 'photos';

/** A server on a new folder, a real client of it, and the events that came; all gone when the test ends. */
export interface Fixture {
  server: S3Server;
  client: S3Client;
  readonly root: string;
  readonly state: string;
  readonly events: S3EventRecord[];
  /** What was logged as an error. */
  readonly errors: unknown[];
  /** The path of a file in the bucket's folder. */
  file(key: string): string;
  /** Ends the server and starts another on the same folder, after `meanwhile`. */
  restart(meanwhile?: () => Promise<void>): Promise<void>;
  /** Waits for as many events as this; answers their names and (decoded) keys. */
  eventsSeen(count: number): Promise<string[]>;
}

export async function startFixture(options: Partial<S3Options> = {}): Promise<Fixture> {
  const data = await mkdtemp(join(tmpdir(), 's3-test-'));
  const root = join(data, 'buckets');
  const events: S3EventRecord[] = [];
  const errors: unknown[] = [];
  const start = async () => {
    const server = await startS3({
      root,
      buckets: [bucket],
      settledMillis: 100,
      onChange: (event) => void events.push(...event.Records),
      log: (entry) => entry.level === 'error' && errors.push(entry),
      ...options,
    });
    return { server, client: clientOf(server.url) };
  };
  const fixture: Fixture = {
    ...(await start()),
    root,
    state: join(data, 's3'),
    events,
    errors,
    file: (key) => join(root, bucket, key),
    restart: async (meanwhile) => {
      await fixture.server.close();
      await meanwhile?.();
      Object.assign(fixture, await start());
      await fixture.server.scanned;
    },
    eventsSeen: (count) =>
      until(() => {
        if (events.length < count) throw new Error(`Expected ${count} events, received ${events.length}.`);
        return events.map(nameAndKey);
      }),
  };
  onTestFinished(async () => {
    fixture.client.destroy();
    await fixture.server.close();
    await rm(data, { recursive: true, force: true });
  });
  return fixture;
}

export function clientOf(endpoint: string, accessKeyId = 'test', secretAccessKey = 'test'): S3Client {
  return new S3Client({
    endpoint,
    region: 'eu-central-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
}

export function nameAndKey({ eventName, s3 }: S3EventRecord): string {
  return `${eventName} ${decodeURIComponent(s3.object.key.replaceAll('+', ' '))}`;
}

/** Writes a file and its folders in one go: the server, which runs in this process, never sees a half of it. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Waits for longer than the watcher takes to announce a change where nothing else is at work: for looking that none comes, never for one to come. */
export function quietTime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 400));
}
