import { PutBucketVersioningCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { ImageRejectedError } from '../../lib/core/errors.ts';
import { bucket, startFixture } from '../local/s3/fixture.ts';

const limit = 1000;

async function prepare({ versions = false } = {}) {
  const { client } = await startFixture();
  if (versions) {
    const status = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: status }));
  }
  return { client, store: createS3ImageStore(client, { maxImageBytes: limit }) };
}

async function put(client: S3Client, key: string, body: string | Uint8Array): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }))).VersionId;
}

async function collect(keys: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const key of keys) all.push(key);
  return all;
}

describe('reading an object', () => {
  test.for(['photos/a.jpg', 'photos/a b+c%20.jpg', "people/Ann O'Neil/é图&=?.jpg", 'photos/(1)/[2]*.jpg'])(
    'answers its bytes and its tag for the key %s',
    async (key) => {
      const { client, store } = await prepare();
      await put(client, key, 'pixels');

      const object = await store.read({ bucket, key });

      expect(Buffer.from(object!.bytes).toString()).toBe('pixels');
      expect(object!.eTag).toMatch(/^[0-9a-f]{32}$/);
    },
  );

  test('answers the version that is asked for', async () => {
    const { client, store } = await prepare({ versions: true });
    const one = await put(client, 'photos/a.jpg', 'one');
    await put(client, 'photos/a.jpg', 'two');

    const object = await store.read({ bucket, key: 'photos/a.jpg', versionId: one! });

    expect(Buffer.from(object!.bytes).toString()).toBe('one');
  });

  test('answers an empty object', async () => {
    const { client, store } = await prepare();
    await put(client, 'photos/a.jpg', '');

    expect((await store.read({ bucket, key: 'photos/a.jpg' }))?.bytes).toHaveLength(0);
  });

  test('answers undefined for a key that is not there, and for one that cannot be', async () => {
    const { store } = await prepare();

    expect(await store.read({ bucket, key: 'photos/none.jpg' })).toBeUndefined();
    expect(await store.read({ bucket, key: `photos/${'long'.repeat(300)}` })).toBeUndefined();
  });

  const refusing = (name: string) => {
    const send = () => Promise.reject(Object.assign(new Error('refused'), { name }));
    return createS3ImageStore({ send } as unknown as S3Client, { maxImageBytes: limit });
  };

  test.each(['InvalidArgument', 'MethodNotAllowed'])(
    'answers undefined for a version that S3 refuses with %s, and for nothing else that it refuses so',
    async (name) => {
      expect(await refusing(name).read({ bucket, key: 'photos/a.jpg', versionId: 'none' })).toBeUndefined();
      await expect(refusing(name).read({ bucket, key: 'photos/a.jpg' })).rejects.toThrow('refused');
    },
  );

  test('tells apart what may not be read from what is not there', async () => {
    const reading = refusing('AccessDenied').read({ bucket, key: 'secrets/a.jpg' });

    await expect(reading).rejects.toMatchObject({
      code: 'PHOTO_NOT_FOUND',
      message: expect.stringContaining('denied'),
    });
  });

  test('answers undefined for a version that is gone', async () => {
    const { client, store } = await prepare({ versions: true });
    const one = await put(client, 'photos/a.jpg', 'one');
    await store.remove({ bucket, key: 'photos/a.jpg' });
    await put(client, 'photos/a.jpg', 'two');

    expect(await store.read({ bucket, key: 'photos/a.jpg', versionId: one! })).toBeUndefined();
  });

  test('takes one of just the limit and refuses a larger one', async () => {
    const { client, store } = await prepare();
    await put(client, 'photos/fits.jpg', Buffer.alloc(limit));
    await put(client, 'photos/large.jpg', Buffer.alloc(limit + 1));

    expect((await store.read({ bucket, key: 'photos/fits.jpg' }))?.bytes).toHaveLength(limit);
    const large = store.read({ bucket, key: 'photos/large.jpg' });
    await expect(large).rejects.toThrow(ImageRejectedError);
    await expect(large).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });

  test('counts what arrives, whatever length was announced', async () => {
    const { client, store } = await prepare();
    await put(client, 'photos/large.jpg', Buffer.alloc(limit + 1));
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        return { ...answer, output: { ...answer.output, ContentLength: undefined } };
      },
      { step: 'initialize' },
    );

    await expect(store.read({ bucket, key: 'photos/large.jpg' })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
  });
});

describe('removing an object', () => {
  test.for([true, false])('takes all that is there of it and nothing else (versions kept: %s)', async (versions) => {
    const { client, store } = await prepare({ versions });
    const ids = [await put(client, 'photos/a', 'one'), await put(client, 'photos/a', 'two')];
    await put(client, 'photos/a.jpg', 'other');

    await store.remove({ bucket, key: 'photos/a' });

    expect(await store.read({ bucket, key: 'photos/a' })).toBeUndefined();
    for (const versionId of ids) {
      if (versionId) expect(await store.read({ bucket, key: 'photos/a', versionId })).toBeUndefined();
    }
    expect(await collect(store.list(bucket, 'photos/'))).toEqual(['photos/a.jpg']);
  });

  test('that is not there is no error', async () => {
    const { store } = await prepare();

    await store.remove({ bucket, key: 'photos/none.jpg' });
  });
});

describe('listing', () => {
  test('answers the keys under a prefix, decoded and in order', async () => {
    const { client, store } = await prepare();
    const keys = ["people/Ann O'Neil/1 a.jpg", 'people/Ann/1+1.jpg', 'people/Ann/é图.jpg', 'photos/a.jpg'];
    for (const key of [...keys].reverse()) await put(client, key, 'x');

    expect(await collect(store.list(bucket, 'people/'))).toEqual(keys.slice(0, 3));
    expect(await collect(store.list(bucket, 'people/Ann/'))).toEqual(keys.slice(1, 3));
    expect(await collect(store.list(bucket, 'none/'))).toEqual([]);
  });

  test('goes on over pages of a thousand', async () => {
    const { client, store } = await prepare();
    const keys = Array.from({ length: 1005 }, (_, i) => `photos/${String(i).padStart(5, '0')}.jpg`);
    for (let i = 0; i < keys.length; i += 50)
      await Promise.all(keys.slice(i, i + 50).map((key) => put(client, key, '')));

    expect(await collect(store.list(bucket, 'photos/'))).toEqual(keys);
  });
});
