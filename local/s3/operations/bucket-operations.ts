import { changeBucket, createBucket, deleteBucket } from '../buckets.ts';
import { S3Error } from '../errors.ts';
import { receiveText } from '../incoming-body.ts';
import { type Operation, owner, xmlResponse } from '../operation.ts';
import { fromXml, toXml } from '../xml.ts';

export const listBuckets: Operation = async (_, { store }) => {
  const Bucket = [];
  for await (const { name, created } of store.index.scan('buckets', '')) {
    Bucket.push({ Name: name, CreationDate: new Date(created).toISOString() });
  }
  return xmlResponse('ListAllMyBucketsResult', { Owner: owner, Buckets: { Bucket } });
};

export const putBucket: Operation = async ({ bucket }, { store }) => {
  if ((await createBucket(store, bucket)) === 'exists') {
    throw new S3Error(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
    );
  }
  return { status: 200, headers: { location: `/${bucket}` } };
};

export const headBucket: Operation = async ({ bucket }, { store, region }) => {
  await store.bucket(bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': region } };
};

export const removeBucket: Operation = async ({ bucket }, { store }) => {
  await deleteBucket(store, bucket);
  return { status: 204 };
};

/** The location of us-east-1 is empty, as S3 has it. */
export const getBucketLocation: Operation = async ({ bucket }, { store, region }) => {
  await store.bucket(bucket);
  return xmlResponse('LocationConstraint', region === 'us-east-1' ? {} : { '#text': region });
};

export const getBucketVersioning: Operation = async ({ bucket }, { store }) => {
  const { versioning } = await store.bucket(bucket);
  return xmlResponse('VersioningConfiguration', versioning ? { Status: versioning } : {});
};

export const putBucketVersioning: Operation = async (request, { store }) => {
  const versioning = fromXml(await receiveText(request), 'VersioningConfiguration').text('Status');
  if (versioning !== 'Enabled' && versioning !== 'Suspended') {
    throw new S3Error('MalformedXML', 'Expected Enabled or Suspended as the Status of the versioning.');
  }
  await changeBucket(store, request.bucket, (bucket) => ({ ...bucket, versioning }));
  return { status: 200 };
};

export const getBucketNotification: Operation = async ({ bucket }, { store }) => {
  const { notification } = await store.bucket(bucket);
  const body = notification ?? toXml('NotificationConfiguration', {});
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
};

/** Stores the configuration and gives it back; every change is announced to the one who started the server, whatever it says. */
export const putBucketNotification: Operation = async (request, { store }) => {
  const notification = await receiveText(request);
  fromXml(notification, 'NotificationConfiguration');
  await changeBucket(store, request.bucket, (bucket) => ({ ...bucket, notification }));
  return { status: 200 };
};
