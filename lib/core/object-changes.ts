import { z } from 'zod';
import { FacenetError } from './errors.ts';
import { jsonOf } from './json.ts';
import type { ImageSource } from './records.ts';

/** Something that happened to an object in the bucket. */
export interface ObjectChange {
  /** `version-removed`: one version was deleted for good, which need not be the newest. */
  readonly kind: 'created' | 'removed' | 'version-removed';
  readonly source: ImageSource;
  /** Padded: text order is the order in which the bucket saw the changes of this key. */
  readonly sequencer: string;
  /** Bytes; known for `created`. */
  readonly size?: number;
  /** Without quotes; known for `created`. */
  readonly eTag?: string;
}

/** S3's sequencers are hexadecimal and of varying length; the shorter is padded with zeros on its right before they are compared as text. */
const sequencerLength = 32;

const recordSchema = z.object({
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().optional(),
      eTag: z.string().optional(),
      versionId: z.string().optional(),
      sequencer: z.string().regex(/^[0-9A-Fa-f]+$/),
    }),
  }),
});

/** The same change as EventBridge tells it, where a bucket that is there already sends its events: keys are plain, and names of fields differ. */
const eventSchema = z
  .object({
    'detail-type': z.enum(['Object Created', 'Object Deleted']),
    detail: z.object({
      bucket: z.object({ name: z.string().min(1) }),
      object: z.object({
        key: z.string().min(1),
        size: z.number().optional(),
        etag: z.string().optional(),
        'version-id': z.string().optional(),
        sequencer: recordSchema.shape.s3.shape.object.shape.sequencer,
      }),
      'deletion-type': z.enum(['Permanently Deleted', 'Delete Marker Created']).optional(),
    }),
  })
  .transform(({ 'detail-type': type, detail }) => {
    const { key, size, etag, 'version-id': versionId, sequencer } = detail.object;
    const marked = detail['deletion-type'] === 'Delete Marker Created';
    return {
      eventName:
        type === 'Object Created'
          ? 'ObjectCreated'
          : marked
            ? 'ObjectRemoved:DeleteMarkerCreated'
            : 'ObjectRemoved:Delete',
      s3: { bucket: detail.bucket, object: { key: encodeURIComponent(key), size, eTag: etag, versionId, sequencer } },
    };
  });

const notificationSchema = z.union([
  z.object({ Records: z.array(recordSchema) }),
  z.object({ Event: z.literal('s3:TestEvent') }).transform(() => ({ Records: [] })),
  eventSchema.transform((record) => ({ Records: [record] })),
]);

/**
 * Reads the body of an S3 event notification, or of an event of S3 that came by EventBridge. The keys of notifications come URL-encoded with `+` for a space
 * and leave decoded; `s3:TestEvent` has no changes.
 * @throws FacenetError INVALID_MESSAGE when it is not such a notification
 */
export function objectChangesOf(body: string): ObjectChange[] {
  try {
    return notificationSchema.parse(jsonOf(body)).Records.flatMap((record) => changeOf(record) ?? []);
  } catch (cause) {
    if (!(cause instanceof URIError || cause instanceof z.ZodError)) throw cause;
    throw new FacenetError(
      'INVALID_MESSAGE',
      'Expected an S3 event notification on the images queue, received something else. Check who else sends to that queue.',
      { cause },
    );
  }
}

function changeOf({ eventName, s3: { bucket, object } }: z.infer<typeof recordSchema>): ObjectChange | undefined {
  const kind = kindOf(eventName, object.versionId);
  return (
    kind && {
      kind,
      source: {
        bucket: bucket.name,
        key: decodeURIComponent(object.key.replaceAll('+', ' ')),
        ...(object.versionId && { versionId: object.versionId }),
      },
      sequencer: object.sequencer.toUpperCase().padEnd(sequencerLength, '0'),
      ...(object.size !== undefined && { size: object.size }),
      ...(object.eTag && { eTag: object.eTag }),
    }
  );
}

function kindOf(eventName: string, versionId: string | undefined): ObjectChange['kind'] | undefined {
  const [event, how] = eventName.split(':');
  if (event === 'ObjectCreated') return 'created';
  if (event !== 'ObjectRemoved' && event !== 'LifecycleExpiration') return undefined;
  return how === 'Delete' && versionId ? 'version-removed' : 'removed';
}
