import type { SQSHandler } from 'aws-lambda';
import { tagMessageSchema } from '../../lib/core/messages.ts';
import { followImage } from '../../lib/core/tag-image.ts';
import { bodyOf, followRecords } from '../records.ts';
import { tagPorts } from './tag-ports.ts';

/** Made while the function starts: a missing model or setting fails the start, not the first photo. */
const ports = await tagPorts();

/** Lambda: what happened to images, from the tags queue; who is in them goes to the bus. */
export const handler: SQSHandler = (event, context) =>
  followRecords(event, context, ports.log, (record) => followImage(ports, bodyOf(tagMessageSchema, record)));
