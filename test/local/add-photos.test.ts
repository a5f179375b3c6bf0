import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { addPhotos } from '../../local/add-photos.ts';
import { ApiClient } from '../../local/api-client.ts';
import type { Connection } from '../../local/connect.ts';
import { type EventEnvelope, EventLog } from '../../local/event-log.ts';
import { startGateway } from '../../local/gateway.ts';
import type { LoopbackServer } from '../../local/loopback-server.ts';
import { type S3Server, startS3 } from '../../local/s3/server.ts';
import { until } from '../until.ts';

/** A bucket and an API without the functions between them: what comes of a photo is what a test says. */
let folder: string;
let log: EventLog;
let gateway: LoopbackServer;
let s3: S3Server;
let waiting: number;
let uploaded: string[];
let connection: Connection;
let comes: (key: string) => { type: string; detail?: object } | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-add-'));
  for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) await writeFile(join(folder, name), name);
  log = await EventLog.open(join(folder, 'events.jsonl'));
  waiting = 0;
  uploaded = [];
  comes = () => ({ type: 'Image Indexed' });
  gateway = await startGateway({
    invoke: async () => ({ statusCode: 404 }),
    log,
    status: async () => ({ waiting, deadLetters: [] }),
    maxBodyBytes: 0,
    failed: () => {},
  });
  s3 = await startS3({
    root: join(folder, 'buckets'),
    state: join(folder, 's3'),
    buckets: ['photos'],
    async onChange({ Records }) {
      for (const { s3 } of Records) {
        const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
        uploaded.push(key);
        const event = comes(key);
        const detail = { image: { key }, ...event?.detail };
        if (event) await log.append([{ 'detail-type': event.type, detail } as unknown as EventEnvelope]);
      }
    },
  });
  connection = {
    pid: process.pid,
    api: gateway.url,
    s3: s3.url,
    bucket: 'photos',
    dynamodb: '',
    table: '',
    folder: join(folder, 'buckets/photos'),
    client: new ApiClient(gateway.url),
    close: async () => {},
  };
});
afterEach(async () => {
  await s3.close();
  await gateway.close();
  await log.close();
  await rm(folder, { recursive: true });
});

const photo = (name: string) => ({ path: join(folder, name), name });
const add = (names: string[], done?: () => void) =>
  addPhotos(connection, names.map(photo), ({ name }) => `photos/${name}`, done);

describe('photos that are added', () => {
  it('come back with what became of each, in their order', async () => {
    comes = (key) =>
      key === 'photos/b.jpg' ? { type: 'Image Rejected', detail: { code: 'NO_FACE' } } : { type: 'Image Indexed' };
    const done = vi.fn();
    expect(await add(['c.jpg', 'b.jpg', 'a.jpg'], done)).toMatchObject([
      { key: 'photos/c.jpg', event: { type: 'Image Indexed' } },
      { key: 'photos/b.jpg', event: { type: 'Image Rejected', detail: { code: 'NO_FACE' } } },
      { key: 'photos/a.jpg', event: { type: 'Image Indexed' } },
    ]);
    expect(done).toHaveBeenCalledTimes(3);
  });

  it('are not mistaken for others, nor for what was there before', async () => {
    await log.append([
      { 'detail-type': 'Image Indexed', detail: { image: { key: 'photos/a.jpg' }, old: true } },
    ] as never);
    comes = (key) => {
      void log.append([{ 'detail-type': 'Faces Erased', detail: { image: { key } } }] as never);
      void log.append([{ 'detail-type': 'Image Indexed', detail: { image: { key: 'photos/other.jpg' } } }] as never);
      return { type: 'Image Indexed', detail: { old: false } };
    };
    expect(await add(['a.jpg'])).toMatchObject([{ key: 'photos/a.jpg', event: { detail: { old: false } } }]);
  });

  it('are waited for as long as anything waits', async () => {
    waiting = 1;
    comes = () => undefined;
    let isThrough = false;
    const adding = add(['a.jpg']).finally(() => {
      isThrough = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 3800));
    expect(isThrough).toBe(false);
    await log.append([{ 'detail-type': 'Image Indexed', detail: { image: { key: 'photos/a.jpg' } } }] as never);
    expect(await adding).toMatchObject([{ event: { type: 'Image Indexed' } }]);
  });

  it('come back without an event when nothing waits any more', async () => {
    comes = (key) => (key === 'photos/a.jpg' ? { type: 'Image Indexed' } : undefined);
    expect(await add(['a.jpg', 'b.jpg'])).toMatchObject([
      { key: 'photos/a.jpg', event: { type: 'Image Indexed' } },
      { key: 'photos/b.jpg', event: undefined },
    ]);
  });
});

describe('what goes wrong while photos are added', () => {
  it('is told when the API ends, and no photo is called lost', async () => {
    waiting = 1;
    comes = () => undefined;
    const adding = add(['a.jpg']);
    const failure = expect(adding).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Is `npm start` still running?'),
    });
    await until(() => expect(uploaded).toHaveLength(1));
    await gateway.close();
    await failure;
  });

  it('is told when the bucket ends', async () => {
    await s3.close();
    await expect(add(['a.jpg'])).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('a.jpg'),
    });
  });

  it('is told when a file is gone', async () => {
    await expect(add(['a.jpg', 'gone.jpg'])).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
  });

  it('ends the uploads that have not begun', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${i}.jpg`);
    for (const name of names) await writeFile(join(folder, name), name);
    await expect(add(['gone.jpg', ...names])).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(uploaded.length).toBeLessThan(30);
  });
});
