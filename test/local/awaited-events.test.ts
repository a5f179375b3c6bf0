import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { awaitedEvents, queuedEvents } from '../../local/awaited-events.ts';
import { localSqsClient } from '../../local/clients.ts';
import { type SqsServer, startSqs } from '../../local/sqs.ts';

const event = (key: string) => ({ type: 'Image Indexed', detail: { image: { key } } }) as unknown as FacenetEvent;
const isOf = (key: string) => (event: FacenetEvent) => event.detail.image.key === key;

describe('an event that is waited for', () => {
  it('has come before, comes later, or does not come', async () => {
    let come = () => {};
    const coming = new Promise<void>((resolve) => {
      come = resolve;
    });
    const wait = awaitedEvents(
      (async function* () {
        yield event('a');
        await coming;
        yield event('b');
        await new Promise(() => {});
      })(),
    );
    expect(await wait(isOf('a'), 60)).toBe(true);
    const later = wait(isOf('b'), 60);
    come();
    expect(await later).toBe(true);
    expect(await wait(isOf('a'), 60)).toBe(true);
    expect(await wait(isOf('c'), 0.05)).toBe(false);
  });

  it('is not waited for to the end when the events break off', async () => {
    const wait = awaitedEvents(
      (async function* () {
        yield event('a');
        throw new TypeError('no socket');
      })(),
    );
    await expect(wait(isOf('b'), 60)).rejects.toThrow('no socket');
    expect(await wait(isOf('a'), 60)).toBe(true);
  });
});

describe('events in a queue', () => {
  let folder: string;
  let sqs: SqsServer<'events'>;
  let client: SQSClient;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facenet-awaited-'));
    sqs = await startSqs({ queues: [{ name: 'events', visibilitySeconds: 30 }], journal: folder });
    client = localSqsClient(sqs.url);
  });
  afterAll(async () => {
    client.destroy();
    await sqs.close();
    await rm(folder, { recursive: true });
  });

  it('are told, and messages of others are passed over', async () => {
    const { url } = sqs.queues.events;
    const { type, detail } = event('a');
    const bodies = [
      'no event',
      '{"source":"aws.s3"}',
      JSON.stringify({ source: 'facenet', 'detail-type': type, detail }),
    ];
    for (const MessageBody of bodies) await client.send(new SendMessageCommand({ QueueUrl: url, MessageBody }));
    expect((await queuedEvents(client, url).next()).value).toEqual(event('a'));
  });

  it('cannot be told where there is no such queue', async () => {
    await expect(queuedEvents(client, `${sqs.queues.events.url}-none`).next()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('Check --queue'),
    });
  });
});
