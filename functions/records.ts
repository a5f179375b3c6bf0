import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { z } from 'zod';
import { FacenetError } from '../lib/core/errors.ts';
import { jsonOf } from '../lib/core/json.ts';
import type { Log } from '../lib/core/ports.ts';

/**
 * Hands the records of a batch to `follow`, one after the other, and answers those that failed: only they are delivered again, and in the end parked in the
 * dead-letter queue.
 */
export function followRecords(
  event: SQSEvent,
  context: Context,
  log: Log,
  follow: (record: SQSRecord) => Promise<void>,
): Promise<SQSBatchResponse> {
  const logged = async (record: SQSRecord) => {
    try {
      await follow(record);
    } catch (error) {
      logFailure(log, record, error);
      throw error;
    }
  };
  const processor = new BatchProcessor(EventType.SQS);
  return processPartialResponse(event, logged, processor, {
    context,
    processInParallel: false,
    throwOnFullBatchFailure: false,
  });
}

/** Leaves word of a record that failed, with how often it was tried. */
export function logFailure(log: Log, { messageId, attributes }: SQSRecord, error: unknown): void {
  log.error('record failed', { messageId, receives: Number(attributes.ApproximateReceiveCount) }, error);
}

/**
 * Reads the body of a record.
 * @throws FacenetError INVALID_MESSAGE when it does not fit the schema
 */
export function bodyOf<S extends z.ZodType>(
  schema: S,
  { body, messageId }: Pick<SQSRecord, 'body' | 'messageId'>,
): z.infer<S> {
  const parsed = schema.safeParse(jsonOf(body));
  if (parsed.success) return parsed.data;
  throw new FacenetError(
    'INVALID_MESSAGE',
    `Message ${messageId} does not fit its schema. Check who else sends to the queue, and that all functions are of one version.`,
    { cause: parsed.error },
  );
}
