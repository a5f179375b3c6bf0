import { SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { UnavailableError } from '../core/errors.ts';
import type { FaceMessage, TagMessage } from '../core/messages.ts';
import type { FaceQueue, TagQueue } from '../core/ports.ts';
import { batchesOf } from './batches.ts';

/** SQS takes 10 messages a call, and took 256 KiB of them until 2025; the rest is left for what surrounds them. */
const limits = { count: 10, bytes: 240_000 };

/** The queue on which detect leaves faces for embed. */
export function createFaceQueue(client: SQSClient, queueUrl: string): FaceQueue {
  return { send: (messages: readonly FaceMessage[]) => sendAll(client, queueUrl, messages) };
}

/** The queue on which everybody leaves what has happened for tag. */
export function createTagQueue(client: SQSClient, queueUrl: string): TagQueue {
  return { send: (messages: readonly TagMessage[]) => sendAll(client, queueUrl, messages) };
}

async function sendAll(client: SQSClient, queueUrl: string, messages: readonly object[]): Promise<void> {
  const refused = await sendOnce(client, queueUrl, messages.map(asciiJsonOf));
  const refusedAgain = await sendOnce(client, queueUrl, refused);
  if (refusedAgain.length === 0) return;
  throw new UnavailableError(
    `Expected the queue to take ${messages.length} messages, it refused ${refusedAgain.length} twice. They are sent again with the next delivery.`,
  );
}

/** JSON in ASCII. SQS replaces characters that XML does not know, and stand-ins for it refuse more than that; a key may hold any of them. */
function asciiJsonOf(message: object): string {
  return JSON.stringify(message).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Sends each text as a message; answers those that the queue refused. */
async function sendOnce(client: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<string[]> {
  const refused: string[] = [];
  for (const batch of batchesOf(bodies, Buffer.byteLength, limits)) {
    const entries = batch.map((body, i) => ({ Id: String(i), MessageBody: body }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    refused.push(...Failed.map(({ Id }) => batch[Number(Id)]!));
  }
  return refused;
}
