import type { SQSHandler } from 'aws-lambda';
import { followObjectChange } from '../../lib/core/detect-image.ts';
import { objectChangesOf } from '../../lib/core/object-changes.ts';
import { followRecords } from '../records.ts';
import { detectPorts } from './ports.ts';

/** Made while the function starts: a missing model or setting fails the start, not the first photo. */
const ports = await detectPorts();

/** Lambda: the bucket's notifications, from the images queue; faces go to the faces queue. */
export const handler: SQSHandler = (event, context) =>
  followRecords(event, context, ports.log, async ({ body }) => {
    for (const change of objectChangesOf(body)) await followObjectChange(ports, change);
  });
