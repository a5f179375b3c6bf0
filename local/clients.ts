import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/** What the embedded stack calls its region, account and credentials; any client with these gets in. */
export const region = 'us-east-1';
export const account = '000000000000';
export const credentials = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

const common = { region, credentials };

/** The queues' client. Queue URLs name a host that is not there, so the endpoint stands above them. */
export function localSqsClient(endpoint: string): SQSClient {
  return new SQSClient({ ...common, endpoint, useQueueUrlAsEndpoint: false });
}

/** The table's client. */
export function localDynamoDbClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ ...common, endpoint });
}

/** The bucket's client; its name stands in the path. */
export function localS3Client(endpoint: string): S3Client {
  return new S3Client({ ...common, endpoint, forcePathStyle: true });
}
