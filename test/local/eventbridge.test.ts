import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { account, credentials, region } from '../../local/clients.ts';
import { type EventEnvelope, EventLog } from '../../local/event-log.ts';
import { startEventBridge } from '../../local/eventbridge.ts';
import type { LoopbackServer } from '../../local/loopback-server.ts';

let folder: string;
let log: EventLog;
let server: LoopbackServer;
let client: EventBridgeClient;
let heard: EventEnvelope[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-eventbridge-'));
  log = await EventLog.open(join(folder, 'events.jsonl'));
  heard = [];
  log.onEvent((event) => heard.push(event));
  server = await startEventBridge({ buses: ['facenet'], log, failed: (error) => expect.fail(String(error)) });
  client = new EventBridgeClient({ region, credentials, endpoint: server.url, maxAttempts: 1 });
});
afterEach(async () => {
  client.destroy();
  await server.close();
  await log.close();
  await rm(folder, { recursive: true });
});

const entry = (rest: Partial<PutEventsRequestEntry> = {}): PutEventsRequestEntry => ({
  Source: 'facenet',
  DetailType: 'Image Indexed',
  Detail: '{"name":"王 🙂"}',
  EventBusName: 'facenet',
  ...rest,
});
const put = (...Entries: PutEventsRequestEntry[]) => client.send(new PutEventsCommand({ Entries }));

describe('the event bus', () => {
  it('delivers an event in the envelope of EventBridge, before it answers', async () => {
    const Time = new Date('2026-05-04T03:02:01.500Z');
    const { FailedEntryCount, Entries } = await put(entry({ Time, Resources: ['arn:aws:s3:::photos'] }));
    expect({ FailedEntryCount, Entries }).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: heard[0]!.id }] });
    expect(heard).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[\da-f-]{36}$/),
        'detail-type': 'Image Indexed',
        source: 'facenet',
        account,
        time: '2026-05-04T03:02:01Z',
        region,
        resources: ['arn:aws:s3:::photos'],
        detail: { name: '王 🙂' },
      },
    ]);
  });

  it('is named by its name or its ARN, and the default one need not be', async () => {
    const { EventBusName: _, ...toDefault } = entry();
    const arn = `arn:aws:events:${region}:${account}:event-bus/facenet`;
    expect(await put(entry({ EventBusName: arn }), toDefault)).toMatchObject({ FailedEntryCount: 0 });
    expect(heard).toHaveLength(2);
  });

  it.each([
    ['no detail', { Detail: undefined }, 'InvalidArgument'],
    ['no source', { Source: undefined }, 'InvalidArgument'],
    ['no type', { DetailType: '' }, 'InvalidArgument'],
    ['a detail that is no JSON', { Detail: '{' }, 'MalformedDetail'],
    ['a detail that is no object', { Detail: '[1]' }, 'MalformedDetail'],
    ['a bus that there is not', { EventBusName: 'other' }, 'InvalidArgument'],
  ] as const)('refuses an entry with %s, and takes those beside it', async (_, wrong, code) => {
    const { FailedEntryCount, Entries } = await put(
      entry(),
      { ...entry(), ...wrong } as PutEventsRequestEntry,
      entry(),
    );
    expect(FailedEntryCount).toBe(1);
    expect(Entries).toEqual([
      { EventId: heard[0]!.id },
      { ErrorCode: code, ErrorMessage: expect.any(String) },
      { EventId: heard[1]!.id },
    ]);
    expect(heard).toHaveLength(2);
  });

  it.each([
    ['no entry', 0, 1],
    ['more than ten entries', 11, 1],
    ['more than 1 MiB', 2, 530_000],
    ['far more than 1 MiB', 2, 3_000_000],
  ])('refuses a call with %s as a whole', async (_, count, size) => {
    const Detail = JSON.stringify({ text: 'x'.repeat(size) });
    const calling = put(...Array.from({ length: count }, () => entry({ Detail })));
    await expect(calling).rejects.toMatchObject({ name: 'ValidationException', $metadata: { httpStatusCode: 400 } });
    expect(heard).toEqual([]);
  });

  it('refuses a time that no date has', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSEvents.PutEvents' },
      body: JSON.stringify({ Entries: [{ ...entry(), Time: 1e13 }] }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'SerializationException' });
  });

  it('knows no other operation', async () => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': 'AWSEvents.PutRule' },
      body: '{}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'UnknownOperationException' });
  });
});
