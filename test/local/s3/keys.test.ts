import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bucket, quietTime, startFixture } from './fixture.ts';

const Bucket = bucket;

test('every awkward key keeps its own bytes, beside all others, also after a restart', async () => {
  const fixture = await startFixture();
  const keys = [
    ' ',
    ' a',
    'a ',
    'a b',
    'a+b',
    'a%20b',
    'a%2Bb',
    '100%',
    '"q"',
    "it's",
    'a&b',
    '<x>',
    'a?b',
    'a#b',
    'a\\b',
    '..\\up',
    'é',
    'e\u0301',
    'Ünïcode/日本/фото.jpg',
    '😀',
    'A.jpg',
    'a.jpg',
    'a',
    'a/b',
    'a/b/c',
    'a/',
    '/a',
    '//a',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../../b',
    './a',
    'a/.',
    '.hidden',
    'a/.DS_Store',
    'x.tmp',
    '%s3',
    '%s3/a',
    '%s3/%61',
    '#x#',
    'n'.repeat(256),
    `${'n'.repeat(255)}/${'m'.repeat(255)}`,
    '日'.repeat(341),
    '/'.repeat(200),
    '__proto__',
    'constructor',
  ];

  for (const Key of keys) await fixture.client.send(new PutObjectCommand({ Bucket, Key, Body: `body of ${Key}` }));
  await fixture.eventsSeen(keys.length);
  await fixture.restart();

  for (const Key of keys) {
    const got = await fixture.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await got.Body!.transformToString(), Key).toBe(`body of ${Key}`);
  }
  const { Contents } = await fixture.client.send(new ListObjectsV2Command({ Bucket }));
  const inBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  expect(Contents?.map(({ Key }) => Key)).toEqual([...keys].sort(inBytes));
  await quietTime();
  expect(fixture.events).toHaveLength(keys.length);
  expect(await readdir(fixture.root)).toEqual([bucket]);
  expect((await readdir(dirname(fixture.root))).sort()).toEqual(['buckets', 's3']);
});

test('a key that is too long or has a control character is refused', async () => {
  const { client } = await startFixture();

  const tooLong = client.send(new PutObjectCommand({ Bucket, Key: 'x'.repeat(1025), Body: 'a' }));
  const control = client.send(new PutObjectCommand({ Bucket, Key: 'a\u0007', Body: 'a' }));

  await expect(tooLong).rejects.toThrow(expect.objectContaining({ name: 'KeyTooLongError' }));
  await expect(control).rejects.toThrow(expect.objectContaining({ name: 'InvalidArgument' }));
});

test.each([
  `/${bucket}/../../../escape`,
  `/${bucket}/%2e%2e/%2e%2e/escape`,
  `/${bucket}/..%2f..%2fescape`,
  `/${bucket}//etc/escape`,
  '/../escape',
  '/%2e%2e/escape',
  `/${bucket}%2f..%2f..%2fescape`,
])('the path %s does not leave the folder', async (path) => {
  const { server, root } = await startFixture({ anonymous: true });

  const answer = await rawRequest(
    server.port,
    `PUT ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx`,
  );

  expect(answer).toMatch(/^HTTP\/1.1 (200|400|403|404) /);
  expect((await readdir(dirname(root))).sort()).toEqual(['buckets', 's3']);
  expect(await readdir(root)).toEqual([bucket]);
});

test('a path that is not percent-encoded UTF-8 is refused', async () => {
  const { server } = await startFixture({ anonymous: true });

  const answer = await rawRequest(
    server.port,
    `GET /${bucket}/%ff%fe HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
  );

  expect(answer).toMatch(/^HTTP\/1.1 400 .*<Code>InvalidURI<\/Code>/s);
});

function rawRequest(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
