import { setTimeout as wait } from 'node:timers/promises';
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { z } from 'zod';
import { region } from '../clients.ts';
import type { Queue } from '../sqs.ts';

export interface MappingOptions {
  readonly client: SQSClient;
  readonly queue: Queue;
  readonly invoke: (event: SQSEvent) => Promise<unknown>;
  /** The most messages of one event. */
  readonly batchSize: number;
  /** How many events are under way at the same time. */
  readonly concurrency: number;
  /** Told of an event that failed as a whole, and of a queue that does not answer; what is behind it is delivered again. */
  readonly failed: (error: unknown) => void;
}

/** A mapping that runs. */
export interface EventSourceMapping {
  /** Takes no more messages, and waits for those under way. */
  close(): Promise<void>;
}

/** SQS hands out 10 messages a call at most, and takes 10 deletions. */
const messagesACall = 10;
/** Seconds that a call waits for a message. */
const longestPoll = 20;
/** Milliseconds until a queue that did not answer is asked again. */
const retryAfter = 1000;

/**
 * Follows a queue on behalf of a function, as Lambda's event source mapping does: it hands over batches and deletes what was handled. What is in
 * `batchItemFailures` stays, and comes again when its visibility time-out is over; of an event that failed as a whole, or whose answer is not
 * understood, everything stays.
 */
export function startEventSourceMapping(options: MappingOptions): EventSourceMapping {
  const stop = new AbortController();
  const followers = Array.from({ length: options.concurrency }, () => follow(options, stop.signal));
  return {
    async close() {
      stop.abort();
      await Promise.all(followers);
    },
  };
}

async function follow(options: MappingOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await handle(options, await receiveBatch(options, signal));
    } catch (error) {
      if (signal.aborted) return;
      options.failed(error);
      await wait(retryAfter, undefined, { signal }).catch(() => {});
    }
  }
}

/** Waits for a message, then takes what else is there. */
async function receiveBatch({ client, queue, batchSize }: MappingOptions, signal: AbortSignal): Promise<Message[]> {
  const batch: Message[] = [];
  while (batch.length < batchSize) {
    const command = new ReceiveMessageCommand({
      QueueUrl: queue.url,
      MaxNumberOfMessages: Math.min(messagesACall, batchSize - batch.length),
      WaitTimeSeconds: batch.length === 0 ? longestPoll : 0,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages = [] } = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      if (batch.length === 0) throw error;
      // What is in hand already would be hidden, and counted as received, without having been handled.
      return { Messages: [] };
    });
    if (Messages.length === 0) break;
    batch.push(...Messages);
  }
  return batch;
}

async function handle({ client, queue, invoke, failed }: MappingOptions, messages: Message[]): Promise<void> {
  if (messages.length === 0) return;
  const failures = await failuresOf(() => invoke({ Records: messages.map((message) => recordOf(message, queue)) }));
  if (failures instanceof Error) return failed(failures);
  const known = [...failures].every((id) => messages.some(({ MessageId }) => MessageId === id));
  if (!known) return failed(new Error('Expected ids of the batch in batchItemFailures, received others.'));
  const handled = messages.filter(({ MessageId }) => !failures.has(MessageId!));
  for (let from = 0; from < handled.length; from += messagesACall) {
    const entries = handled.slice(from, from + messagesACall);
    await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queue.url,
        Entries: entries.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })),
      }),
    );
  }
}

const answerSchema = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish() })
  .nullish();

/** The ids of the messages that failed, or why all of them did. */
async function failuresOf(invoke: () => Promise<unknown>): Promise<ReadonlySet<string> | Error> {
  try {
    const answer = answerSchema.parse(await invoke());
    return new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function recordOf(message: Message, queue: Queue): SQSRecord {
  const { MessageId, ReceiptHandle, Body, MD5OfBody, Attributes = {} } = message;
  return {
    messageId: MessageId!,
    receiptHandle: ReceiptHandle!,
    body: Body!,
    md5OfBody: MD5OfBody!,
    attributes: Attributes as unknown as SQSRecord['attributes'],
    messageAttributes: {},
    eventSource: 'aws:sqs',
    eventSourceARN: queue.arn,
    awsRegion: region,
  };
}
