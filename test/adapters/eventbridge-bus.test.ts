import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createEventBridgeBus } from '../../lib/adapters/eventbridge-bus.ts';
import { UnavailableError } from '../../lib/core/errors.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { idOf, imageOfKey } from './records.ts';
import { type Answer, startStubService } from './stub-service.ts';

async function prepare(answer: Answer = { status: 200, body: { FailedEntryCount: 0, Entries: [] } }) {
  const service = await startStubService(answer);
  const client = new EventBridgeClient({
    endpoint: service.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  const calls = () => service.calls.map((call) => JSON.parse(call).Entries as Record<string, unknown>[]);
  return { bus: createEventBridgeBus(client, 'facenet-bus'), calls };
}

function rejected(i: number, reason = 'cut off'): FacenetEvent {
  const { imageId, collection, sequencer, source } = imageOfKey(`photos/é图 ${i}.jpg`);
  return {
    type: 'Image Rejected',
    detail: {
      version: '1',
      id: idOf(`${i}`),
      time: '2026-01-02T03:04:05.678Z',
      collection,
      image: { imageId, ...source, sequencer },
      code: 'CORRUPT_IMAGE',
      reason,
    },
  };
}

describe('the bus', () => {
  test('is told who speaks, what happened and when', async () => {
    const { bus, calls } = await prepare();
    const event = rejected(1);

    await bus.publish([event]);

    expect(calls()).toEqual([
      [
        {
          EventBusName: 'facenet-bus',
          Source: 'facenet',
          DetailType: 'Image Rejected',
          Detail: JSON.stringify(event.detail),
          Time: Date.parse(event.detail.time) / 1000,
        },
      ],
    ]);
  });

  test('is not called for nothing', async () => {
    const { bus, calls } = await prepare();

    await bus.publish([]);

    expect(calls()).toEqual([]);
  });

  test('is told no more than ten events and 256 KiB a call, all of them and in order', async () => {
    const { bus, calls } = await prepare();
    const events = Array.from({ length: 25 }, (_, i) => rejected(i, i < 4 ? 'é'.repeat(50_000) : ''));

    await bus.publish(events);

    const entries = calls();
    for (const call of entries) {
      expect(call.length).toBeLessThanOrEqual(10);
      expect(Buffer.byteLength(JSON.stringify(call.map(({ Detail }) => Detail)))).toBeLessThan(256 * 1024);
    }
    expect(entries.flat().map(({ Detail }) => JSON.parse(Detail as string).id)).toEqual(
      events.map(({ detail }) => detail.id),
    );
  });

  test('that refuses an event is unavailable', async () => {
    const { bus } = await prepare({
      status: 200,
      body: { FailedEntryCount: 1, Entries: [{ EventId: '1' }, { ErrorCode: 'InternalFailure', ErrorMessage: 'no' }] },
    });

    const publishing = bus.publish([rejected(1), rejected(2)]);

    await expect(publishing).rejects.toThrow(UnavailableError);
    await expect(publishing).rejects.toThrow(/InternalFailure/);
  });
});
