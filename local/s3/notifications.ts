import type { ObjectVersion } from './object-index.ts';

/** What can happen to an object, in S3's words. */
export type EventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated';

/** One record of an S3 event notification (event version 2.1), as AWS sends it. */
export interface S3EventRecord {
  readonly eventVersion: '2.1';
  readonly eventSource: 'aws:s3';
  readonly awsRegion: string;
  readonly eventTime: string;
  readonly eventName: EventName;
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly responseElements: { readonly 'x-amz-request-id': string; readonly 'x-amz-id-2': string };
  readonly s3: {
    readonly s3SchemaVersion: '1.0';
    readonly configurationId: string;
    readonly bucket: {
      readonly name: string;
      readonly ownerIdentity: { readonly principalId: string };
      readonly arn: string;
    };
    readonly object: {
      /** URL-encoded, a space as `+`, slashes as they are. */
      readonly key: string;
      readonly size?: number;
      /** Without quotes. */
      readonly eTag?: string;
      readonly versionId?: string;
      readonly sequencer: string;
    };
  };
}

/** The body of an S3 event notification. */
export interface S3Event {
  readonly Records: readonly S3EventRecord[];
}

const principalId = 'facenet-local';

/** The record that says what happened to a version. A removal has neither size nor ETag. */
export function eventRecordOf(
  eventName: EventName,
  bucket: string,
  region: string,
  version: ObjectVersion,
  sequencer: string,
): S3EventRecord {
  const created = eventName.startsWith('ObjectCreated:');
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date().toISOString(),
    eventName,
    userIdentity: { principalId },
    requestParameters: { sourceIPAddress: '127.0.0.1' },
    responseElements: { 'x-amz-request-id': sequencer, 'x-amz-id-2': sequencer },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: principalId,
      bucket: { name: bucket, ownerIdentity: { principalId }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        key: encodeEventKey(version.key),
        ...(created && { size: version.size, eTag: version.etag }),
        ...(version.versionId !== 'null' && { versionId: version.versionId }),
        sequencer,
      },
    },
  };
}

/** A key as event notifications carry it: URL-encoded, a space as `+`, slashes as they are. */
function encodeEventKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+');
}
