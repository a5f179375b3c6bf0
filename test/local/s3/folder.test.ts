import { appendFile, cp, mkdir, readdir, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { until } from '../../until.ts';
import { bucket, quietTime, startFixture, writeWhole } from './fixture.ts';

const Bucket = bucket;

test('a file copied into the folder is an upload; replaced, moved and removed it is announced so', async () => {
  const { client, file, eventsSeen, events, errors } = await startFixture();

  writeWhole(file('people/Ali ce/1.jpg'), 'one');
  expect(await eventsSeen(1)).toEqual(['ObjectCreated:Put people/Ali ce/1.jpg']);
  const head = await client.send(new HeadObjectCommand({ Bucket, Key: 'people/Ali ce/1.jpg' }));
  expect(head).toMatchObject({
    ContentLength: 3,
    ContentType: 'image/jpeg',
    ETag: '"f97c5d29941bfb1b2fdab0874906ab82"',
  });
  writeWhole(file('people/Ali ce/1.jpg'), 'another');
  await eventsSeen(2);
  await rename(file('people/Ali ce'), file('people/Bob'));
  await eventsSeen(4);
  await rm(file('people'), { recursive: true });
  await eventsSeen(5);
  await quietTime();

  expect((await eventsSeen(5)).sort()).toEqual(
    [
      'ObjectCreated:Put people/Ali ce/1.jpg',
      'ObjectCreated:Put people/Ali ce/1.jpg',
      'ObjectCreated:Put people/Bob/1.jpg',
      'ObjectRemoved:Delete people/Ali ce/1.jpg',
      'ObjectRemoved:Delete people/Bob/1.jpg',
    ].sort(),
  );
  const sequencers = events.map(({ s3 }) => s3.object.sequencer);
  expect([...sequencers].sort()).toEqual(sequencers);
  expect(errors).toEqual([]);
});

test('a whole folder copied in is found, also when it is removed and comes again', async () => {
  const { file, root, eventsSeen, events } = await startFixture();
  const album = join(dirname(root), 'album');
  for (let n = 0; n < 50; n++) writeWhole(join(album, `sub ${n % 5}`, `${n}.jpg`), String(n));

  await cp(album, file('photos/album'), { recursive: true });
  await eventsSeen(50);
  await rm(file('photos/album'), { recursive: true });
  await cp(album, file('photos/album'), { recursive: true });
  await quietTime();
  writeWhole(file('photos/album/sub 0/new.jpg'), 'new');
  const ofNew = () => events.filter(({ s3 }) => s3.object.key.endsWith('new.jpg'));
  await until(() => expect(ofNew()).not.toEqual([]));
  await quietTime();

  expect(ofNew()).toHaveLength(1);
});

test('a file that was changed just now is announced once it has settled', async () => {
  const { file, restart, eventsSeen, events } = await startFixture({ settledMillis: 600_000 });

  await restart(async () => writeWhole(file('slow.jpg'), 'a half'));
  expect(events).toEqual([]);
  await restart(async () => {
    await appendFile(file('slow.jpg'), ' and the other');
    const hourAgo = new Date(Date.now() - 3_600_000);
    await utimes(file('slow.jpg'), hourAgo, hourAgo);
  });
  await eventsSeen(1);

  expect(events.map(({ s3 }) => s3.object.size)).toEqual([20]);
});

test('a file that grows is an object of its whole size in the end', async () => {
  const { client, file, events } = await startFixture();

  for (let n = 0; n < 16; n++) {
    await appendFile(file('slow.jpg'), 'x'.repeat(1000));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await until(() => expect(events.at(-1)?.s3.object.size).toBe(16_000));

  expect((await client.send(new HeadObjectCommand({ Bucket, Key: 'slow.jpg' }))).ContentLength).toBe(16_000);
});

test('hidden, temporary and linked files are left alone, and what was touched without a change is not announced', async () => {
  const { file, root, eventsSeen, events } = await startFixture();
  writeWhole(join(dirname(root), 'outside', 'secret.jpg'), 'secret');
  writeWhole(file('a.jpg'), 'a');
  await eventsSeen(1);

  for (const name of ['.DS_Store', '.hidden/a.jpg', 'a.jpg~', 'b.jpg.tmp', 'Thumbs.db', '~$doc', 'line\nbreak.jpg']) {
    writeWhole(file(name), 'x');
  }
  await symlink(join(dirname(root), 'outside'), file('linked'));
  await symlink(join(dirname(root), 'outside', 'secret.jpg'), file('link.jpg'));
  await utimes(file('a.jpg'), new Date(), new Date());
  await quietTime();

  expect(events).toHaveLength(1);
});

test('nothing is written through a link that leads out of the folder', async () => {
  const { client, file, root } = await startFixture();
  const outside = join(dirname(root), 'outside');
  await mkdir(outside);
  await symlink(outside, file('linked'));

  await client.send(new PutObjectCommand({ Bucket, Key: 'linked/a.jpg', Body: 'a' }));

  expect(await readdir(outside)).toEqual([]);
  const got = await client.send(new GetObjectCommand({ Bucket, Key: 'linked/a.jpg' }));
  expect(await got.Body!.transformToString()).toBe('a');
});

test('what changed while the server was down is found at its start, and nothing else', async () => {
  const fixture = await startFixture();
  const { client, file } = fixture;
  for (const Key of ['stays.jpg', 'goes.jpg', 'changes.jpg', 'touched.jpg', 'x/', '../odd']) {
    await client.send(new PutObjectCommand({ Bucket, Key, Body: Key, ContentType: 'image/png' }));
  }
  await fixture.eventsSeen(6);
  const last = fixture.events.at(-1)!.s3.object.sequencer;

  await fixture.restart(async () => {
    await rm(file('goes.jpg'));
    writeWhole(file('changes.jpg'), 'CHANGES');
    writeWhole(file('new/one.jpg'), 'new');
    await utimes(file('touched.jpg'), new Date(0), new Date(0));
    await quietTime();
  });

  const seen = await fixture.eventsSeen(9);
  expect(seen.slice(6).sort()).toEqual([
    'ObjectCreated:Put changes.jpg',
    'ObjectCreated:Put new/one.jpg',
    'ObjectRemoved:Delete goes.jpg',
  ]);
  await quietTime();
  expect(fixture.events).toHaveLength(9);
  for (const { s3 } of fixture.events.slice(6)) expect(s3.object.sequencer > last).toBe(true);
  const head = await fixture.client.send(new HeadObjectCommand({ Bucket, Key: 'touched.jpg' }));
  expect(head.ContentType).toBe('image/png');
});

test('a file changed by hand is not served as what it was', async () => {
  const { client, file } = await startFixture({ settledMillis: 600_000 });
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'old' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'old' }));

  writeWhole(file('a'), 'newer');
  await rm(file('b'));

  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'a' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 503 },
  });
  await expect(client.send(new GetObjectCommand({ Bucket, Key: 'b' }))).rejects.toThrow(
    expect.objectContaining({ name: 'NoSuchKey' }),
  );
});

test('where versions are kept, a change by hand is a new version and a removal a delete marker', async () => {
  const { client, file, eventsSeen } = await startFixture();
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '1' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '2' }));
  await eventsSeen(2);

  await rm(file('a'));
  await eventsSeen(3);
  writeWhole(file('a'), '3');
  const seen = await eventsSeen(4);

  expect(seen.slice(2)).toEqual(['ObjectRemoved:DeleteMarkerCreated a', 'ObjectCreated:Put a']);
  const { Versions, DeleteMarkers } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions?.map(({ Size, IsLatest }) => [Size, IsLatest])).toEqual([
    [1, true],
    [1, false],
  ]);
  expect(DeleteMarkers).toHaveLength(1);
});

test('an upload over a file that was just changed by hand does not pass its bytes off as the older version', async () => {
  const { client, file } = await startFixture({ settledMillis: 600_000 });
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '1' }));

  writeWhole(file('a'), 'by hand');
  await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '2' }));

  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions?.map(({ ETag }) => ETag)).toEqual(['"c81e728d9d4c2f636f067f89cc14862c"']);
});

test('an event that was not taken is offered again, also after a restart', async () => {
  let refuse = true;
  const taken: string[] = [];
  const fixture = await startFixture({
    onChange: ({ Records }) => {
      if (refuse) throw new Error('not now');
      taken.push(...Records.map(({ s3 }) => s3.object.key));
    },
  });
  await fixture.client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: '1' }));
  await fixture.client.send(new PutObjectCommand({ Bucket, Key: 'b', Body: '1' }));

  await fixture.restart(async () => {
    refuse = false;
  });
  await until(() => expect(taken.length).toBeGreaterThanOrEqual(2));
  await quietTime();

  expect(taken).toEqual(['a', 'b']);
});
