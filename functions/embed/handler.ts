import type { SQSHandler } from 'aws-lambda';
import { embedFaces } from '../../lib/core/embed-faces.ts';
import { type FaceMessage, faceMessageSchema } from '../../lib/core/messages.ts';
import { bodyOf, logFailure } from '../records.ts';
import { embedPorts } from './ports.ts';

/** Made while the function starts: a missing model or setting fails the start, not the first photo. */
const ports = await embedPorts();

/** Lambda: faces, from the faces queue; the whole batch is embedded in one inference and stored in the table. */
export const handler: SQSHandler = async ({ Records }) => {
  const failed = new Set<string>();
  const messages = new Map<string, FaceMessage>();
  for (const record of Records) {
    try {
      messages.set(record.messageId, bodyOf(faceMessageSchema, record));
    } catch (error) {
      failed.add(record.messageId);
      logFailure(ports.log, record, error);
    }
  }
  const outcomes = await embedFaces(ports, [...messages.values()]);
  for (const [i, messageId] of [...messages.keys()].entries()) {
    const outcome = outcomes[i]!;
    if (outcome.status === 'fulfilled') continue;
    failed.add(messageId);
    logFailure(ports.log, Records.find((record) => record.messageId === messageId)!, outcome.reason);
  }
  return { batchItemFailures: [...failed].map((itemIdentifier) => ({ itemIdentifier })) };
};
