import type { SQSHandler } from 'aws-lambda';
import { tagMessageSchema } from '../../lib/core/messages.ts';
import { followImage } from '../../lib/core/tag-image.ts';
import { bodyOf, followRecords } from '../records.ts';
import { tagPorts } from './tag-ports.ts';

/** Lambda: what happened to images, from the tags queue; who is in them goes to the bus. */
export const handler: SQSHandler = async (event, context) => {
  const ports = await tagPorts();
  return followRecords(event, context, ports.log, (record) => followImage(ports, bodyOf(tagMessageSchema, record)));
};
