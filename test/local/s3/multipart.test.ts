import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { expect, test } from 'vitest';
import { bucket, quietTime, startFixture } from './fixture.ts';

const Bucket = bucket;
const partBytes = 5 * 1024 * 1024;

test('a stream uploaded in parts becomes one file, with the ETag of its parts', async () => {
  const { client, file, state, eventsSeen, events } = await startFixture();
  const bytes = randomBytes(2 * partBytes + 1000);
  const params = {
    Bucket,
    Key: 'big/file.bin',
    Body: Readable.from(slices(bytes)),
    ContentType: 'image/x',
    Metadata: { a: '1' },
  };

  const done = await new Upload({ client, params, partSize: partBytes, queueSize: 2 }).done();

  const md5s = [0, 1, 2].map((n) =>
    createHash('md5')
      .update(bytes.subarray(n * partBytes, (n + 1) * partBytes))
      .digest(),
  );
  const etag = `${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-3`;
  expect(done.ETag).toBe(`"${etag}"`);
  expect(bytes.equals(await readFile(file('big/file.bin')))).toBe(true);
  expect(await client.send(new HeadObjectCommand({ Bucket, Key: 'big/file.bin', PartNumber: 3 }))).toMatchObject({
    ContentLength: 1000,
    PartsCount: 3,
    ContentType: 'image/x',
    Metadata: { a: '1' },
  });
  expect(await readdir(`${state}/uploads`)).toEqual([]);
  expect(await eventsSeen(1)).toEqual(['ObjectCreated:CompleteMultipartUpload big/file.bin']);
  await quietTime();
  expect(events).toHaveLength(1);
  expect(events[0]!.s3.object).toMatchObject({ eTag: etag, size: bytes.length });
});

test.each<[ChecksumAlgorithm, ChecksumType]>([
  ['CRC32', 'COMPOSITE'],
  ['SHA256', 'COMPOSITE'],
  ['CRC32C', 'FULL_OBJECT'],
  ['CRC64NVME', 'FULL_OBJECT'],
])('parts with %s make a checksum that is %s', async (ChecksumAlgorithm, ChecksumType) => {
  const { client } = await startFixture();
  const key = { Bucket, Key: 'a' };
  const parts = [randomBytes(partBytes), randomBytes(10)];
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...key, ChecksumAlgorithm, ChecksumType }));
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const sent = await client.send(
      new UploadPartCommand({ ...key, UploadId, PartNumber: index + 1, Body, ChecksumAlgorithm }),
    );
    Parts.push({ PartNumber: index + 1, ETag: sent.ETag });
  }

  const done = await client.send(new CompleteMultipartUploadCommand({ ...key, UploadId, MultipartUpload: { Parts } }));

  const whole = await client.send(
    new PutObjectCommand({ Bucket, Key: 'b', Body: Buffer.concat(parts), ChecksumAlgorithm }),
  );
  const name = `Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32';
  if (ChecksumType === 'FULL_OBJECT') expect(done[name]).toBe(whole[name]);
  else expect(done[name]).toMatch(/=-2$/);
  const got = await client.send(new GetObjectCommand({ ...key, ChecksumMode: 'ENABLED' }));
  expect(Buffer.concat(parts).equals(await got.Body!.transformToByteArray())).toBe(true);
});

test('parts can be copied, replaced and listed', async () => {
  const { client } = await startFixture();
  const key = { Bucket, Key: 'a' };
  const source = randomBytes(partBytes + 100);
  await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: source }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(key));

  await client.send(new UploadPartCommand({ ...key, UploadId, PartNumber: 1, Body: 'replaced' }));
  const one = await client.send(
    new UploadPartCopyCommand({
      ...key,
      UploadId,
      PartNumber: 1,
      CopySource: `${bucket}/source`,
      CopySourceRange: `bytes=0-${partBytes - 1}`,
    }),
  );
  const two = await client.send(new UploadPartCommand({ ...key, UploadId, PartNumber: 7, Body: 'end' }));

  const listed = await client.send(new ListPartsCommand({ ...key, UploadId, MaxParts: 1 }));
  expect(listed).toMatchObject({
    IsTruncated: true,
    NextPartNumberMarker: '1',
    Parts: [{ PartNumber: 1, Size: partBytes }],
  });
  const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  expect(uploads.Uploads).toEqual([expect.objectContaining({ Key: 'a', UploadId })]);
  const Parts = [
    { PartNumber: 1, ETag: one.CopyPartResult?.ETag },
    { PartNumber: 7, ETag: two.ETag },
  ];
  await client.send(new CompleteMultipartUploadCommand({ ...key, UploadId, MultipartUpload: { Parts } }));
  const got = await client.send(new GetObjectCommand(key));
  const expected = Buffer.concat([source.subarray(0, partBytes), Buffer.from('end')]);
  expect(expected.equals(await got.Body!.transformToByteArray())).toBe(true);
});

test('wrong lists of parts are refused and the upload goes on; an aborted one leaves nothing', async () => {
  const { client, state } = await startFixture();
  const key = { Bucket, Key: 'a' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(key));
  const [one, two] = [1, 2].map((PartNumber) =>
    client.send(new UploadPartCommand({ ...key, UploadId, PartNumber, Body: 'small' })),
  );
  const part = async (PartNumber: number) => ({ PartNumber, ETag: (await (PartNumber === 1 ? one! : two!)).ETag });
  const complete = (Parts: { PartNumber: number; ETag: string | undefined }[]) =>
    client.send(new CompleteMultipartUploadCommand({ ...key, UploadId, MultipartUpload: { Parts } }));

  await expect(complete([await part(2), await part(1)])).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidPartOrder' }),
  );
  await expect(complete([await part(1), await part(2)])).rejects.toThrow(
    expect.objectContaining({ name: 'EntityTooSmall' }),
  );
  await expect(complete([{ PartNumber: 3, ETag: '"x"' }])).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidPart' }),
  );
  await client.send(new AbortMultipartUploadCommand({ ...key, UploadId }));

  await expect(complete([await part(1)])).rejects.toThrow(expect.objectContaining({ name: 'NoSuchUpload' }));
  expect(await readdir(`${state}/uploads`)).toEqual([]);
});

test('an upload goes on after a restart', async () => {
  const fixture = await startFixture();
  const key = { Bucket, Key: 'a' };
  const { UploadId } = await fixture.client.send(new CreateMultipartUploadCommand(key));
  const { ETag } = await fixture.client.send(new UploadPartCommand({ ...key, UploadId, PartNumber: 1, Body: 'part' }));

  await fixture.restart();
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await fixture.client.send(new CompleteMultipartUploadCommand({ ...key, UploadId, MultipartUpload }));

  expect(await readFile(fixture.file('a'), 'utf8')).toBe('part');
});

function* slices(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024);
}
