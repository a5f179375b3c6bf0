import { ConditionalCheckFailedException, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import {
  createDynamoDbClient,
  createEventBridgeClient,
  createS3Client,
  createSqsClient,
} from '../../lib/adapters/aws-clients.ts';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { UnavailableError } from '../../lib/core/errors.ts';
import { startStubService } from './stub-service.ts';

beforeEach(() => {
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  return () => vi.unstubAllEnvs();
});

function getItem(endpoint: string) {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint);
  return createDynamoDbClient().send(new GetItemCommand({ TableName: 'facenet', Key: { pk: { S: 'a' } } }));
}

function failure(status: number, type: string) {
  return { status, body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'no' } };
}

describe('a call', () => {
  test('goes to the endpoint that the environment names, and answers when a second attempt does', async () => {
    const service = await startStubService(failure(500, 'InternalServerError'), { status: 200, body: {} });

    await expect(getItem(service.url)).resolves.toMatchObject({ $metadata: { attempts: 2 } });
    expect(service.calls).toHaveLength(2);
  });

  test.for([
    ['the service fails', 500, 'InternalServerError'],
    ['the service is not there', 503, 'ServiceUnavailable'],
    ['it is throttled', 400, 'ThrottlingException'],
    ['the table is throttled', 400, 'ProvisionedThroughputExceededException'],
  ] as const)('is unavailable when %s, four times', async ([, status, type]) => {
    const service = await startStubService(failure(status, type));

    const call = getItem(service.url);

    await expect(call).rejects.toThrow(UnavailableError);
    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { name: type } });
    expect(service.calls).toHaveLength(4);
  });

  test('is unavailable when nobody listens', async () => {
    const call = getItem('http://127.0.0.1:9');

    await expect(call).rejects.toThrow(UnavailableError);
    await expect(call).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  test('fails as it is when no time mends it', async () => {
    const wrong = await startStubService(failure(400, 'ValidationException'));
    const unmet = await startStubService(failure(400, 'ConditionalCheckFailedException'));

    await expect(getItem(wrong.url)).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(getItem(unmet.url)).rejects.toThrow(ConditionalCheckFailedException);
    expect(wrong.calls).toHaveLength(1);
  });

  test('gives up an answer that does not come', async () => {
    const service = await startStubService('hang');
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', service.url);
    const client = createDynamoDbClient();
    const command = new GetItemCommand({ TableName: 'facenet', Key: { pk: { S: 'a' } } });

    const call = client.send(command, { requestTimeout: 100 });

    await expect(call).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: { name: 'TimeoutError' } });
  });
});

describe('clients', () => {
  test('reach a bucket in the path when told so, as servers without wildcard names need it', async () => {
    const service = await startStubService({ status: 404, body: {} });
    vi.stubEnv('AWS_ENDPOINT_URL_S3', service.url);
    const store = createS3ImageStore(createS3Client({ s3PathStyle: true }), { maxImageBytes: 10 });

    await expect(store.read({ bucket: 'photos', key: 'a' })).rejects.not.toThrow(UnavailableError);

    expect(service.calls).toHaveLength(1);
  });

  test('ask the queue at the configured endpoint, not at the host of its URL', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', 'http://127.0.0.1:1234');

    expect(createSqsClient().config.useQueueUrlAsEndpoint).toBe(false);
  });

  test('try four times', async () => {
    const clients = [
      createDynamoDbClient(),
      createEventBridgeClient(),
      createS3Client({ s3PathStyle: false }),
      createSqsClient(),
    ];

    for (const client of clients) expect(await client.config.maxAttempts()).toBe(4);
  });
});
