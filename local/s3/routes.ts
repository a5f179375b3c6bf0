import { S3Error } from './errors.ts';
import type { Operation } from './operation.ts';
import * as buckets from './operations/bucket-operations.ts';
import * as cors from './operations/cors-operations.ts';
import * as lists from './operations/list-operations.ts';
import * as multipart from './operations/multipart-operations.ts';
import * as reads from './operations/read-operations.ts';
import * as tagging from './operations/tagging-operations.ts';
import * as writes from './operations/write-operations.ts';
import type { S3Request } from './request.ts';

/** Query parameters that make another operation of the same method and resource; of S3's whole API, so that an unknown one is refused rather than misread. */
const subresources = [
  'accelerate',
  'acl',
  'analytics',
  'attributes',
  'cors',
  'delete',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'list-type',
  'location',
  'logging',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'uploadId',
  'uploads',
  'versioning',
  'versions',
  'website',
];

const routes: Readonly<Record<string, Operation>> = {
  'GET service': buckets.listBuckets,
  'GET bucket': lists.listObjects,
  'GET bucket?cors': cors.getBucketCors,
  'GET bucket?list-type': lists.listObjectsV2,
  'GET bucket?location': buckets.getBucketLocation,
  'GET bucket?notification': buckets.getBucketNotification,
  'GET bucket?uploads': multipart.listMultipartUploads,
  'GET bucket?versioning': buckets.getBucketVersioning,
  'GET bucket?versions': lists.listObjectVersions,
  'HEAD bucket': buckets.headBucket,
  'PUT bucket': buckets.putBucket,
  'PUT bucket?cors': cors.putBucketCors,
  'PUT bucket?notification': buckets.putBucketNotification,
  'PUT bucket?versioning': buckets.putBucketVersioning,
  'POST bucket?delete': writes.deleteObjects,
  'DELETE bucket': buckets.removeBucket,
  'DELETE bucket?cors': cors.deleteBucketCors,
  'GET object': reads.getObject,
  'GET object?tagging': tagging.getObjectTagging,
  'GET object?uploadId': multipart.listParts,
  'HEAD object': reads.headObject,
  'PUT object': writes.putObject,
  'PUT object copying': writes.copyObject,
  'PUT object?tagging': tagging.putObjectTagging,
  'PUT object?uploadId': multipart.uploadPart,
  'PUT object?uploadId copying': multipart.uploadPartCopy,
  'POST object?uploadId': multipart.completeMultipartUpload,
  'POST object?uploads': multipart.createMultipartUpload,
  'DELETE object': writes.deleteObject,
  'DELETE object?tagging': tagging.deleteObjectTagging,
  'DELETE object?uploadId': multipart.abortMultipartUpload,
};

/** The operation that a request asks for. @throws S3Error NotImplemented for one that this server does not have */
export function operationOf({ method, bucket, key, query, headers }: Omit<S3Request, 'signer'>): Operation {
  const resource = key ? 'object' : bucket ? 'bucket' : 'service';
  const subresource = subresources.find((name) => query.has(name));
  const copying = method === 'PUT' && resource === 'object' && headers['x-amz-copy-source'] !== undefined;
  const route = `${method} ${resource}${subresource ? `?${subresource}` : ''}${copying ? ' copying' : ''}`;
  const operation = routes[route];
  if (operation) return operation;
  throw new S3Error('NotImplemented', `This local server does not have the operation "${route}".`);
}
