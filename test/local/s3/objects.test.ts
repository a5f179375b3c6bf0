import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  type ChecksumAlgorithm,
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { until } from '../../until.ts';
import { bucket, quietTime, startFixture } from './fixture.ts';

const Bucket = bucket;

describe('an uploaded object', () => {
  test('is a plain file in the folder, comes back as it was, and is announced once', async () => {
    const { client, file, eventsSeen, events } = await startFixture();
    const Body = Buffer.from('a photo');

    const put = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'people/Zoë 1/a+b.jpg',
        Body,
        ContentType: 'image/jpeg',
        CacheControl: 'no-cache',
        Metadata: { camera: 'box' },
        Tagging: 'colour=red&size=big%20one',
      }),
    );
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'people/Zoë 1/a+b.jpg' }));

    expect(await readFile(file('people/Zoë 1/a+b.jpg'))).toEqual(Body);
    expect(Buffer.from(await got.Body!.transformToByteArray())).toEqual(Body);
    expect(got).toMatchObject({
      ContentType: 'image/jpeg',
      CacheControl: 'no-cache',
      Metadata: { camera: 'box' },
      TagCount: 2,
    });
    await eventsSeen(1);
    await quietTime();
    const md5 = createHash('md5').update(Body).digest('hex');
    expect(put.ETag).toBe(`"${md5}"`);
    expect(events).toEqual([
      expect.objectContaining({
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'us-east-1',
        eventName: 'ObjectCreated:Put',
        s3: expect.objectContaining({
          bucket: expect.objectContaining({ name: bucket, arn: 'arn:aws:s3:::photos' }),
          object: {
            key: 'people/Zo%C3%AB+1/a%2Bb.jpg',
            size: 7,
            eTag: md5,
            sequencer: expect.stringMatching(/^[0-9A-F]{16}$/),
          },
        }),
      }),
    ]);
  });

  test('arrives as a stream, framed and with its checksum behind it', async () => {
    const { client, file } = await startFixture();
    const bytes = Buffer.alloc(300_000, 'photo');

    await client.send(
      new PutObjectCommand({ Bucket, Key: 'a', Body: Readable.from([bytes]), ContentLength: bytes.length }),
    );
    const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'a', ChecksumMode: 'ENABLED' }));

    expect(await readFile(file('a'))).toEqual(bytes);
    expect(head.ContentEncoding).toBeUndefined();
    expect(head.ChecksumCRC32).toBeDefined();
  });

  test.each<ChecksumAlgorithm>(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'])(
    'keeps the %s that the client sent, by header and by trailer',
    async (ChecksumAlgorithm) => {
      const { client } = await startFixture();
      const put = (Key: string, Body: Buffer | Readable) =>
        client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: 5, ChecksumAlgorithm }));

      const inHeader = await put('a', Buffer.from('bytes'));
      const inTrailer = await put('b', Readable.from([Buffer.from('bytes')]));
      const got = await client.send(new GetObjectCommand({ Bucket, Key: 'b', ChecksumMode: 'ENABLED' }));

      const name = `Checksum${ChecksumAlgorithm}` as const as 'ChecksumCRC32';
      expect(inHeader[name]).toMatch(/=$/);
      expect(inTrailer[name]).toBe(inHeader[name]);
      expect(got[name]).toBe(inHeader[name]);
      expect(await got.Body!.transformToString()).toBe('bytes');
    },
  );

  test('is refused, and leaves nothing, when it does not match what was said of it', async () => {
    const { client, root, state } = await startFixture();
    const bad = { Bucket, Key: 'a', Body: 'bytes' };

    await expect(
      client.send(new PutObjectCommand({ ...bad, ContentMD5: Buffer.alloc(16).toString('base64') })),
    ).rejects.toThrow(expect.objectContaining({ name: 'BadDigest' }));
    await expect(client.send(new PutObjectCommand({ ...bad, ChecksumCRC32: 'AAAAAA==' }))).rejects.toThrow(
      expect.objectContaining({ name: 'BadDigest' }),
    );
    expect(await readdir(`${root}/${bucket}`)).toEqual([]);
    expect(await readdir(`${state}/arriving`)).toEqual([]);
  });

  test('is refused when it is larger than the server takes', async () => {
    const { client, state } = await startFixture({ maxObjectBytes: 1000 });

    const put = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: Buffer.alloc(1001) }));

    await expect(put).rejects.toThrow(expect.objectContaining({ name: 'EntityTooLarge' }));
    expect(await readdir(`${state}/arriving`)).toEqual([]);
  });

  test('is refused in the middle of a stream whose length nobody said, and the client is told', async () => {
    const { server, state } = await startFixture({ maxObjectBytes: 1000, anonymous: true });
    const body = ReadableStream.from([Buffer.alloc(600), Buffer.alloc(600), Buffer.alloc(600)]);

    const answer = await fetch(`${server.url}/${bucket}/a`, { method: 'PUT', body, duplex: 'half' });

    expect(await answer.text()).toContain('<Code>EntityTooLarge</Code>');
    expect(await readdir(`${state}/arriving`)).toEqual([]);
  });

  test('is not written over when the client says so', async () => {
    const { client } = await startFixture();
    const first = await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '1', IfNoneMatch: '*' }));

    const again = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '2', IfNoneMatch: '*' }));
    await expect(again).rejects.toThrow(expect.objectContaining({ name: 'PreconditionFailed' }));
    const stale = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '2', IfMatch: '"0"' }));
    await expect(stale).rejects.toThrow(expect.objectContaining({ name: 'PreconditionFailed' }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '3', IfMatch: first.ETag }));

    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    expect(await got.Body!.transformToString()).toBe('3');
  });

  test('leaves nothing when its client hangs up half-way', async () => {
    const { client, root, state, errors } = await startFixture();
    const abort = new AbortController();
    const endless = Readable.from(
      (async function* () {
        yield Buffer.alloc(100_000);
        await until(async () => expect(await readdir(`${state}/arriving`)).not.toEqual([]));
        abort.abort();
      })(),
    );

    const put = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: endless, ContentLength: 1_000_000 }), {
      abortSignal: abort.signal,
    });

    await expect(put).rejects.toThrow();
    await until(async () => expect(await readdir(`${state}/arriving`)).toEqual([]));
    expect(await readdir(`${root}/${bucket}`)).toEqual([]);
    expect(errors).toEqual([]);
  });

  test('of nothing, whose key ends in a slash, is a folder marker', async () => {
    const { client, eventsSeen, events } = await startFixture();

    await client.send(new PutObjectCommand({ Bucket, Key: 'photos/', Body: '' }));
    await client.send(new PutObjectCommand({ Bucket, Key: 'photos/a.jpg', Body: 'a' }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'photos/' }));

    expect(await got.Body!.transformToString()).toBe('');
    expect(await eventsSeen(2)).toEqual(['ObjectCreated:Put photos/', 'ObjectCreated:Put photos/a.jpg']);
    expect(events[0]!.s3.object).toMatchObject({ key: 'photos/', size: 0 });
  });
});

describe('a read', () => {
  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-100', '89', 'bytes 8-9/10'],
  ])('takes the range %s', async (Range, text, ContentRange) => {
    const { client } = await startFixture();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '0123456789' }));

    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a', Range }));

    expect(await got.Body!.transformToString()).toBe(text);
    expect(got).toMatchObject({ ContentRange, ContentLength: text.length, $metadata: { httpStatusCode: 206 } });
  });

  test('is refused behind the end', async () => {
    const { client } = await startFixture();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '0123456789' }));

    const got = client.send(new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=10-' }));

    await expect(got).rejects.toThrow(expect.objectContaining({ name: 'InvalidRange' }));
  });

  test('keeps to its conditions and sets headers of the answer', async () => {
    const { client } = await startFixture();
    const { ETag } = await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
    const get = (more: object) => client.send(new GetObjectCommand({ Bucket, Key: 'a', ...more }));

    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ $metadata: { httpStatusCode: 304 } });
    await expect(get({ IfModifiedSince: new Date(Date.now() + 1e6) })).rejects.toMatchObject({
      $metadata: { httpStatusCode: 304 },
    });
    await expect(get({ IfMatch: '"other"' })).rejects.toThrow(expect.objectContaining({ name: 'PreconditionFailed' }));
    await expect(get({ IfUnmodifiedSince: new Date(0) })).rejects.toMatchObject({ $metadata: { httpStatusCode: 412 } });
    expect(
      await get({ IfMatch: ETag, ResponseContentType: 'text/x', ResponseContentDisposition: 'inline' }),
    ).toMatchObject({
      ContentType: 'text/x',
      ContentDisposition: 'inline',
    });
  });

  test('with a header of the answer that is none is refused, and the file is closed again', async () => {
    const { client, server } = await startFixture({ anonymous: true });
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'abc' }));
    const response = await fetch(`${server.url}/${bucket}/a?response-content-type=a%0Ab`);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('<Code>InvalidArgument</Code>');
  });

  test('of what is not there says so', async () => {
    const { client } = await startFixture();

    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'none' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NoSuchKey' }),
    );
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'none' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NotFound' }),
    );
    await expect(client.send(new GetObjectCommand({ Bucket: 'no-bucket', Key: 'a' }))).rejects.toThrow(
      expect.objectContaining({ name: 'NoSuchBucket' }),
    );
  });
});

describe('a copy', () => {
  test('carries bytes, metadata and tags over, or takes new ones', async () => {
    const { client, eventsSeen } = await startFixture();
    await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'a b+ü',
        Body: 'a',
        Metadata: { x: '1' },
        Tagging: 't=1',
        ContentType: 'image/png',
      }),
    );
    const CopySource = `${bucket}/${encodeURIComponent('a b+ü')}`;

    await client.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource }));
    await client.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'new',
        CopySource,
        MetadataDirective: 'REPLACE',
        Metadata: { x: '2' },
        TaggingDirective: 'REPLACE',
        Tagging: '',
      }),
    );

    const same = await client.send(new HeadObjectCommand({ Bucket, Key: 'same' }));
    const other = await client.send(new HeadObjectCommand({ Bucket, Key: 'new' }));
    expect(same).toMatchObject({ Metadata: { x: '1' }, ContentType: 'image/png', ContentLength: 1 });
    expect(other).toMatchObject({ Metadata: { x: '2' }, ContentType: 'binary/octet-stream' });
    expect(await eventsSeen(3)).toEqual([
      'ObjectCreated:Put a b+ü',
      'ObjectCreated:Copy same',
      'ObjectCreated:Copy new',
    ]);
  });

  test('onto itself needs a change', async () => {
    const { client } = await startFixture();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));

    const copy = client.send(new CopyObjectCommand({ Bucket, Key: 'a', CopySource: `${bucket}/a` }));

    await expect(copy).rejects.toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
  });
});

describe('tags', () => {
  test('change without touching the object', async () => {
    const { client, file, events, eventsSeen } = await startFixture();
    const put = await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'bytes' }));
    const TagSet = [{ Key: 'who', Value: 'me & you' }];

    await client.send(new PutObjectTaggingCommand({ Bucket, Key: 'a', Tagging: { TagSet } }));

    expect((await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet).toEqual(TagSet);
    expect(await readFile(file('a'), 'utf8')).toBe('bytes');
    expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'a' }))).ETag).toBe(put.ETag);
    await client.send(new DeleteObjectTaggingCommand({ Bucket, Key: 'a' }));
    expect((await client.send(new GetObjectTaggingCommand({ Bucket, Key: 'a' }))).TagSet).toEqual([]);
    await eventsSeen(1);
    await quietTime();
    expect(events).toHaveLength(1);
  });
});

describe('a removal', () => {
  test('takes the file and the folders that it leaves empty, and is announced once', async () => {
    const { client, root, eventsSeen, events } = await startFixture();
    await client.send(new PutObjectCommand({ Bucket, Key: 'x/y/z.jpg', Body: 'a' }));

    await client.send(new DeleteObjectCommand({ Bucket, Key: 'x/y/z.jpg' }));
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'x/y/z.jpg' }));

    expect(await readdir(`${root}/${bucket}`)).toEqual([]);
    expect(await eventsSeen(2)).toEqual(['ObjectCreated:Put x/y/z.jpg', 'ObjectRemoved:Delete x/y/z.jpg']);
    await quietTime();
    expect(events).toHaveLength(2);
    expect(events[1]!.s3.object.sequencer > events[0]!.s3.object.sequencer).toBe(true);
  });

  test('of many at once takes keys as they are', async () => {
    const { client, root } = await startFixture();
    const keys = [' lead', 'a&b <c>', 'q"\'', 'é\u2028', 'x/'];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'a' }));

    const { Deleted, Errors } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }),
    );

    expect(Deleted?.map(({ Key }) => Key)).toEqual(keys);
    expect(Errors).toBeUndefined();
    expect(await readdir(`${root}/${bucket}`)).toEqual([]);
  });
});
