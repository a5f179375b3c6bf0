import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createS3Client } from '../../lib/adapters/aws-clients.ts';
import { createS3PhotoUploads } from '../../lib/adapters/s3-photo-uploads.ts';
import { bucket, startFixture } from '../local/s3/fixture.ts';

const key = "people/Ann O'Neil/é図&=?+ 1.jpg";
const photo = 'a photo of eleven'.slice(0, 11);

async function prepare(seconds = 60) {
  const { client, server } = await startFixture();
  const local = {
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
  for (const [name, value] of Object.entries(local)) vi.stubEnv(name, value);
  const signer = createS3Client({ s3PathStyle: true });
  const { url, headers } = await createS3PhotoUploads(signer).sign({ bucket, key, bytes: photo.length }, seconds);
  const put = (body: string, address = url) => fetch(address, { method: 'PUT', body });
  return { client, url, headers, put };
}

afterEach(() => vi.unstubAllEnvs());

describe('an address for an upload', () => {
  test('takes the photo from whoever has it, under its key', async () => {
    const { client, put, headers } = await prepare();

    const { status } = await put(photo);

    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    expect(status).toBe(200);
    expect(await Body!.transformToString()).toBe(photo);
    expect(headers).toEqual({ 'content-length': '11' });
  });

  test.for([
    ['more bytes', (url: string) => url, `${photo}!`],
    ['fewer bytes', (url: string) => url, photo.slice(1)],
    ['another key', (url: string) => url.replace('1.jpg', '2.jpg'), photo],
    ['a longer time', (url: string) => url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600'), photo],
  ] as const)('takes nothing else: %s', async ([, change, body]) => {
    const { url, put } = await prepare();
    expect(change(url) !== url || body !== photo).toBe(true);

    expect((await put(body, change(url))).status).toBe(403);
  });

  test('does not say of which checksum the bytes are: they are not known yet', async () => {
    const { url } = await prepare();
    expect(url).not.toMatch(/checksum/i);
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;host');
  });
});
