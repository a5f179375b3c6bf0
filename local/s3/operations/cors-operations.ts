import { changeBucket } from '../buckets.ts';
import { corsConfiguration, corsRulesOf } from '../cors.ts';
import { S3Error } from '../errors.ts';
import { receiveText } from '../incoming-body.ts';
import { type Operation, xmlResponse } from '../operation.ts';

export const getBucketCors: Operation = async ({ bucket }, { store }) => {
  const { cors } = await store.bucket(bucket);
  if (!cors) throw new S3Error('NoSuchCORSConfiguration', 'The CORS configuration does not exist.');
  return xmlResponse('CORSConfiguration', corsConfiguration(cors));
};

export const putBucketCors: Operation = async (request, { store }) => {
  const cors = corsRulesOf(await receiveText(request));
  await changeBucket(store, request.bucket, (bucket) => ({ ...bucket, cors }));
  return { status: 200 };
};

export const deleteBucketCors: Operation = async ({ bucket }, { store }) => {
  await changeBucket(store, bucket, ({ cors: _, ...rest }) => rest);
  return { status: 204 };
};
