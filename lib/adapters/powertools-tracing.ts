import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';

/** Lets a client leave a segment of each of its calls in the trace of the invocation. */
export type Traced = <T extends DynamoDBClient | EventBridgeClient | S3Client | SecretsManagerClient | SQSClient>(
  client: T,
) => T;

/**
 * X-Ray's tracing of AWS calls: where, how long, how it ended; no keys, no contents. A failure is told as the service tells it, so S3's denial has the key. Where it is off, clients stay as they are and nothing is loaded.
 */
export async function openTracing({ tracing }: { readonly tracing: boolean }): Promise<Traced> {
  if (!tracing) return (client) => client;
  const [{ Tracer }, { default: xray }] = await Promise.all([
    import('@aws-lambda-powertools/tracer'),
    import('aws-xray-sdk-core'),
  ]);
  // X-Ray's own list of what a trace tells of a call has S3's keys and prefixes, and people are named in those.
  xray.setAWSWhitelist({ services: {} });
  const tracer = new Tracer();
  return (client) => tracer.captureAWSv3Client(client);
}
