import {
  DeleteBucketCorsCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetBucketNotificationConfigurationCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { bucket, clientOf, startFixture } from './fixture.ts';

const Bucket = bucket;

test('a page may upload from the origins, with the methods and headers that the bucket allows', async () => {
  const { client, server } = await startFixture();
  const rule = {
    AllowedOrigins: ['https://*.example.com'],
    AllowedMethods: ['PUT', 'GET'],
    AllowedHeaders: ['content-type', 'x-amz-*'],
    ExposeHeaders: ['ETag'],
    MaxAgeSeconds: 60,
  };
  const preflight = (origin: string, method: string, headers: string) =>
    fetch(`${server.url}/${bucket}/a`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    });

  expect((await preflight('https://a.example.com', 'PUT', 'content-type')).status).toBe(403);
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));

  expect((await client.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual([rule]);
  const allowed = await preflight('https://a.example.com', 'PUT', 'Content-Type, x-amz-meta-a');
  expect(allowed.status).toBe(200);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://a.example.com',
    'access-control-allow-methods': 'PUT, GET',
    'access-control-allow-headers': 'Content-Type, x-amz-meta-a',
    'access-control-max-age': '60',
  });
  expect((await preflight('https://example.org', 'PUT', '')).status).toBe(403);
  expect((await preflight('https://a.example.com', 'DELETE', '')).status).toBe(403);
  expect((await preflight('https://a.example.com', 'PUT', 'authorization')).status).toBe(403);
  const refused = await fetch(`${server.url}/${bucket}/a`, { headers: { origin: 'https://a.example.com' } });
  expect(refused.headers.get('access-control-allow-origin')).toBe('https://a.example.com');
  await client.send(new DeleteBucketCorsCommand({ Bucket }));
  await expect(client.send(new GetBucketCorsCommand({ Bucket }))).rejects.toThrow(
    expect.objectContaining({ name: 'NoSuchCORSConfiguration' }),
  );
});

test('a page of the web changes nothing that the bucket does not allow it to, signed or not', async () => {
  const { client, server } = await startFixture();
  await client.send(new PutObjectCommand({ Bucket, Key: 'a.jpg', Body: 'a' }));
  const removal = new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'a.jpg' }] } });
  const pageOf = (origin: string) => {
    const page = clientOf(server.url);
    page.middlewareStack.add(
      (next) => (args) => {
        (args.request as { headers: Record<string, string> }).headers.origin = origin;
        return next(args);
      },
      { step: 'build' },
    );
    onTestFinished(() => page.destroy());
    return page;
  };

  const refused = expect.objectContaining({
    name: 'AccessDenied',
    message: expect.stringContaining('https://a.example.com'),
  });
  await expect(pageOf('https://a.example.com').send(removal)).rejects.toThrow(refused);
  await expect(pageOf('null').send(removal)).rejects.toThrow(expect.objectContaining({ name: 'AccessDenied' }));
  await client.send(new HeadObjectCommand({ Bucket, Key: 'a.jpg' }));

  await pageOf('http://localhost:5173').send(new PutObjectCommand({ Bucket, Key: 'b.jpg', Body: 'b' }));
  const CORSRules = [{ AllowedOrigins: ['https://a.example.com'], AllowedMethods: ['POST'] }];
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  expect((await pageOf('https://a.example.com').send(removal)).Deleted).toEqual([{ Key: 'a.jpg' }]);
});

test('a notification configuration comes back as it was put', async () => {
  const { client } = await startFixture();
  const QueueConfigurations = [
    { Id: 'q', QueueArn: 'arn:aws:sqs:us-east-1:000000000000:images', Events: ['s3:ObjectCreated:*' as const] },
  ];

  expect(
    (await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations,
  ).toBeUndefined();
  await client.send(
    new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
  );

  expect((await client.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations).toEqual(
    QueueConfigurations,
  );
});
