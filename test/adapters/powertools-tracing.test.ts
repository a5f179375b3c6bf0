import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { createS3Client, createSqsClient } from '../../lib/adapters/aws-clients.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';

beforeEach(() => {
  vi.stubEnv('AWS_EXECUTION_ENV', 'AWS_Lambda_nodejs22.x');
  vi.stubEnv('LAMBDA_TASK_ROOT', '/var/task');
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

it('leaves a client as it is where tracing is off', async () => {
  const client = createSqsClient();
  const before = client.middlewareStack.identify();

  const traced = await openTracing({ tracing: false });

  expect(traced(client)).toBe(client);
  expect(client.middlewareStack.identify()).toEqual(before);
});

it('tells X-Ray of a call, and nothing of the photo: its key has the name of a person', async () => {
  const daemon = createSocket('udp4').bind(0, '127.0.0.1');
  const s3 = createServer((_, response) => response.end('photo')).listen(0, '127.0.0.1');
  onTestFinished(() => {
    daemon.close();
    s3.close();
  });
  await Promise.all([once(daemon, 'listening'), once(s3, 'listening')]);
  vi.stubEnv('AWS_XRAY_DAEMON_ADDRESS', `127.0.0.1:${daemon.address().port}`);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(s3.address() as AddressInfo).port}`);
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, 'test');
  vi.stubEnv('AWS_REGION', 'eu-central-1');
  const traced = await openTracing({ tracing: true });
  const segment = once(daemon, 'message');

  await traced(createS3Client({ s3PathStyle: true })).send(
    new GetObjectCommand({ Bucket: 'photos', Key: 'people/alice/portrait.jpg' }),
  );

  const text = String((await segment)[0]);
  expect(text).toContain('"operation":"GetObject"');
  expect(text).not.toContain('alice');
});
