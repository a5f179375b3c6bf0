import { readFile } from 'node:fs/promises';
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { bucket, quietTime, startFixture } from './fixture.ts';

const Bucket = bucket;

test('a bucket that keeps versions gives back each, and the one before when the newest goes', async () => {
  const fixture = await startFixture();
  const { client, file } = fixture;
  await setVersioning(client, 'Enabled');
  const one = await put(client, 'one');
  const two = await put(client, 'two');

  expect(await get(client, one)).toBe('one');
  expect(await get(client)).toBe('two');
  expect(await readFile(file('a'), 'utf8')).toBe('two');
  await fixture.restart();
  expect(await get(fixture.client, one)).toBe('one');
  await fixture.client.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: two }));
  expect(await get(fixture.client)).toBe('one');
  expect(await readFile(file('a'), 'utf8')).toBe('one');
  await expect(get(fixture.client, two)).rejects.toThrow(expect.objectContaining({ name: 'NoSuchVersion' }));
  await quietTime();
  expect(await fixture.eventsSeen(3)).toEqual(['ObjectCreated:Put a', 'ObjectCreated:Put a', 'ObjectRemoved:Delete a']);
  expect(fixture.events.map(({ s3 }) => s3.object.versionId)).toEqual([one, two, two]);
});

test('a delete marker hides the object until it is removed itself', async () => {
  const { client, root, eventsSeen, events } = await startFixture();
  await setVersioning(client, 'Enabled');
  const one = await put(client, 'one');

  const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));

  expect(marker).toMatchObject({ DeleteMarker: true, VersionId: expect.stringMatching(/^.{32}$/) });
  await expect(get(client)).rejects.toThrow(expect.objectContaining({ name: 'NoSuchKey' }));
  await expect(get(client, marker.VersionId)).rejects.toThrow(expect.objectContaining({ name: 'MethodNotAllowed' }));
  expect(await get(client, one)).toBe('one');
  expect((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  await expect(readFile(`${root}/${bucket}/a`)).rejects.toThrow(expect.objectContaining({ code: 'ENOENT' }));
  await client.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: marker.VersionId }));
  expect(await get(client)).toBe('one');
  await quietTime();
  expect(await eventsSeen(3)).toEqual([
    'ObjectCreated:Put a',
    'ObjectRemoved:DeleteMarkerCreated a',
    'ObjectRemoved:Delete a',
  ]);
  expect(events[1]!.s3.object.versionId).toBe(marker.VersionId);
});

test('suspended, it replaces only the version without an id', async () => {
  const { client } = await startFixture();
  expect(await put(client, 'before')).toBeUndefined();
  await setVersioning(client, 'Enabled');
  const one = await put(client, 'one');
  await setVersioning(client, 'Suspended');
  expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Suspended');

  await put(client, 'after 1');
  await put(client, 'after 2');

  expect(await get(client)).toBe('after 2');
  expect(await get(client, 'null')).toBe('after 2');
  expect(await get(client, one)).toBe('one');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([
    ['null', true],
    [one, false],
  ]);
});

test('versions are listed newest first, page by page', async () => {
  const { client } = await startFixture();
  await setVersioning(client, 'Enabled');
  const ids = [await put(client, '1'), await put(client, '2'), await put(client, '3')];
  const { VersionId: marker } = await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  await put(client, 'b', 'a/b');

  const seen: (string | undefined)[] = [];
  let KeyMarker: string | undefined;
  let VersionIdMarker: string | undefined;
  do {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 1, KeyMarker, VersionIdMarker }));
    for (const item of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
      seen.push(item.VersionId);
      expect(item.IsLatest).toBe(item.VersionId === marker || item.Key === 'a/b');
    }
    ({ NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page);
  } while (KeyMarker);

  expect(seen.slice(0, 4)).toEqual([marker, ...ids.reverse()]);
  expect(seen).toHaveLength(5);
});

async function setVersioning(client: S3Client, Status: 'Enabled' | 'Suspended'): Promise<void> {
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
}

async function put(client: S3Client, Body: string, Key = 'a'): Promise<string | undefined> {
  return (await client.send(new PutObjectCommand({ Bucket, Key, Body }))).VersionId;
}

async function get(client: S3Client, VersionId?: string): Promise<string> {
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'a', ...(VersionId && { VersionId }) }));
  return got.Body!.transformToString();
}
