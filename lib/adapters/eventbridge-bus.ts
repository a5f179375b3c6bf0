import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { UnavailableError } from '../core/errors.ts';
import { eventSource } from '../core/events.ts';
import type { EventBus } from '../core/ports.ts';
import { batchesOf } from './batches.ts';

/** EventBridge takes 10 events a call and 256 KiB of them. */
const limits = { count: 10, bytes: 256 * 1024 };

/** The bus that other systems listen to. */
export function createEventBridgeBus(client: EventBridgeClient, busName: string): EventBus {
  return {
    async publish(events) {
      const entries = events.map(({ type, detail }) => ({
        EventBusName: busName,
        Source: eventSource,
        DetailType: type,
        Detail: JSON.stringify(detail),
        Time: new Date(detail.time),
      }));
      for (const batch of batchesOf(entries, sizeOf, limits)) {
        const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: batch }));
        checkTaken(Entries);
      }
    },
  };
}

/** As EventBridge counts it: 14 bytes for the time, and the texts in UTF-8. */
function sizeOf({ Source = '', DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return 14 + Buffer.byteLength(Source) + Buffer.byteLength(DetailType) + Buffer.byteLength(Detail);
}

function checkTaken(entries: readonly PutEventsResultEntry[]): void {
  const codes = entries.flatMap(({ ErrorCode }) => ErrorCode ?? []);
  if (codes.length === 0) return;
  throw new UnavailableError(
    `Expected the bus to take ${entries.length} events, it refused ${codes.length} (${[...new Set(codes)].join(', ')}). They are published again with the next delivery.`,
  );
}
