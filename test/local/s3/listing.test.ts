import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucket, startFixture } from './fixture.ts';

const Bucket = bucket;
const keys = ['a', 'a/1', 'a/2', 'a/b/3', 'a0', 'b/1', 'b/2', 'c', 'é/1', 'ü', 'z z', 'z+z'];

test('pages of every size hold the same keys and prefixes, in order', async () => {
  const { client } = await startFixture();
  await putAll(client, keys);

  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 13 }),
      fc.constantFrom('', 'a', 'a/', 'b/', 'z', 'none'),
      fc.constantFrom('', '/', '1'),
      fc.constantFrom('', ...keys),
      async (pageSize, Prefix, Delimiter, StartAfter) => {
        const seen: string[] = [];
        for await (const page of paginateListObjectsV2(
          { client, pageSize },
          { Bucket, Prefix, Delimiter, StartAfter },
        )) {
          expect(page.KeyCount).toBeLessThanOrEqual(pageSize);
          seen.push(...namesOf(page));
        }
        expect(seen).toEqual(expectedNames(Prefix, Delimiter, StartAfter));
      },
    ),
    { numRuns: 60 },
  );
});

function namesOf({
  Contents = [],
  CommonPrefixes = [],
}: Pick<ListObjectsV2CommandOutput, 'Contents' | 'CommonPrefixes'>): string[] {
  return [...Contents.map(({ Key }) => Key!), ...CommonPrefixes.map(({ Prefix }) => Prefix!)].sort(inBytes);
}

function expectedNames(prefix: string, delimiter: string, after: string): string[] {
  const rolled = (key: string) => {
    const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    return at < 0 ? key : key.slice(0, at + delimiter.length);
  };
  const behind = keys.filter((key) => key.startsWith(prefix) && inBytes(key, after) > 0);
  return [...new Set(behind.map(rolled))].filter((name) => name !== after).sort(inBytes);
}

test('the first version of the API pages by marker', async () => {
  const { client } = await startFixture();
  await putAll(client, keys);

  const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 3 }));
  const second = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: first.NextMarker }));

  expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'a0' });
  expect(namesOf(first)).toEqual(['a', 'a/', 'a0']);
  expect(namesOf(second)).toEqual(['b/', 'c', 'z z', 'z+z', 'é/', 'ü'].sort(inBytes));
});

test('names come URL-encoded when they are asked for so', async () => {
  const { client } = await startFixture();
  await putAll(client, ['ü z+/%', 'x&y']);

  const { Contents } = await client.send(new ListObjectsV2Command({ Bucket, EncodingType: 'url' }));

  expect(Contents?.map(({ Key }) => Key)).toEqual(['x%26y', '%C3%BC%20z%2B/%25']);
});

test('a page of none is not truncated; a wrong token is refused', async () => {
  const { client } = await startFixture();
  await putAll(client, ['a']);

  expect(await client.send(new ListObjectsV2Command({ Bucket, MaxKeys: 0 }))).toMatchObject({
    IsTruncated: false,
    KeyCount: 0,
  });
  await expect(client.send(new ListObjectsV2Command({ Bucket, ContinuationToken: '!' }))).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidArgument' }),
  );
});

test('buckets are made, found and removed when they are empty', async () => {
  const { client } = await startFixture();

  await client.send(new CreateBucketCommand({ Bucket: 'second' }));
  await expect(client.send(new CreateBucketCommand({ Bucket: 'second' }))).rejects.toThrow(
    expect.objectContaining({ name: 'BucketAlreadyOwnedByYou' }),
  );
  await expect(client.send(new CreateBucketCommand({ Bucket: 'Bad_Name' }))).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidBucketName' }),
  );
  await putAll(client, ['a']);

  const { Buckets } = await client.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toEqual([bucket, 'second']);
  await client.send(new HeadBucketCommand({ Bucket: 'second' }));
  expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeFalsy();
  await expect(client.send(new DeleteBucketCommand({ Bucket }))).rejects.toThrow(
    expect.objectContaining({ name: 'BucketNotEmpty' }),
  );
  await client.send(new DeleteBucketCommand({ Bucket: 'second' }));
  await expect(client.send(new HeadBucketCommand({ Bucket: 'second' }))).rejects.toThrow(
    expect.objectContaining({ name: 'NotFound' }),
  );
});

async function putAll(client: S3Client, all: readonly string[]): Promise<void> {
  for (const Key of all) await client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
}

function inBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
