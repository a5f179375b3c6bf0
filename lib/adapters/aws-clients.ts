import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { unavailableOr } from './aws-failures.ts';

/**
 * What all clients have in common. Region, credentials and endpoints (`AWS_ENDPOINT_URL_…`) are the SDK's own business: it reads them from the environment.
 * Connections are kept alive by default. A call is tried four times in all. Milliseconds: for the connection, for the beginning of the answer, and for a
 * pause in the midst of it.
 */
const common = {
  maxAttempts: 4,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: 15_000,
    throwOnRequestTimeout: true,
    socketTimeout: 15_000,
  },
};

/** The bucket's client. Path style is for servers without a host name for each bucket. Checksums are for uploads, which are only signed here. */
export function createS3Client({ s3PathStyle }: { readonly s3PathStyle: boolean }): S3Client {
  const client = new S3Client({
    ...common,
    forcePathStyle: s3PathStyle,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  client.middlewareStack.add(unavailableErrors('S3'), outermost);
  return client;
}

/** The queues' client. It asks the endpoint that is configured, also when a queue's URL names another host. */
export function createSqsClient(): SQSClient {
  const client = new SQSClient({ ...common, useQueueUrlAsEndpoint: false });
  client.middlewareStack.add(unavailableErrors('SQS'), outermost);
  return client;
}

/** The bus's client. */
export function createEventBridgeClient(): EventBridgeClient {
  const client = new EventBridgeClient(common);
  client.middlewareStack.add(unavailableErrors('EventBridge'), outermost);
  return client;
}

/** The table's client. */
export function createDynamoDbClient(): DynamoDBClient {
  const client = new DynamoDBClient(common);
  client.middlewareStack.add(unavailableErrors('DynamoDB'), outermost);
  return client;
}

/** The client of the secret that holds access keys. */
export function createSecretsManagerClient({
  region,
}: {
  readonly region?: string | undefined;
} = {}): SecretsManagerClient {
  const client = new SecretsManagerClient({ ...common, ...(region !== undefined && { region }) });
  client.middlewareStack.add(unavailableErrors('Secrets Manager'), outermost);
  return client;
}

/** Around everything else, the SDK's own attempts included. */
const outermost = { step: 'initialize', priority: 'high', name: 'unavailableErrors' } as const;

/** Lets every failure that time can mend leave a client as an UnavailableError. */
function unavailableErrors(service: string) {
  return <Args, Answer>(next: (args: Args) => Promise<Answer>) =>
    async (args: Args): Promise<Answer> => {
      try {
        return await next(args);
      } catch (error) {
        throw unavailableOr(service, error);
      }
    };
}
