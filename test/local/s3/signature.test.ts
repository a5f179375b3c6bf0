import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GetObjectCommand, ListBucketsCommand, PutBucketAclCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, test } from 'vitest';
import { verifySignature } from '../../../local/s3/signature.ts';
import { bucket, clientOf, startFixture } from './fixture.ts';

const Bucket = bucket;
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('a signed request', () => {
  test('with another secret or an unknown access key is refused', async () => {
    const { server } = await startFixture();

    const wrongSecret = clientOf(server.url, 'test', 'wrong').send(new ListBucketsCommand({}));
    const wrongKey = clientOf(server.url, 'other', 'test').send(new ListBucketsCommand({}));

    await expect(wrongSecret).rejects.toThrow(expect.objectContaining({ name: 'SignatureDoesNotMatch' }));
    await expect(wrongKey).rejects.toThrow(expect.objectContaining({ name: 'InvalidAccessKeyId' }));
  });

  test('whose clock is wrong is refused', async () => {
    const { server } = await startFixture();
    const client = clientOf(server.url);
    client.middlewareStack.add(
      (next) => (args) => {
        client.config.systemClockOffset = -3_600_000;
        return next(args);
      },
      { step: 'initialize' },
    );

    await expect(client.send(new ListBucketsCommand({}))).rejects.toThrow(
      expect.objectContaining({ name: 'RequestTimeTooSkewed' }),
    );
  });

  test('that is changed on its way is refused', async () => {
    const { client } = await startFixture();
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { path: string }).path = `/${bucket}/other`;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );

    const put = client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));

    await expect(put).rejects.toThrow(expect.objectContaining({ name: 'SignatureDoesNotMatch' }));
  });

  test('with a body other than the one that was hashed is refused', async () => {
    const { server } = await startFixture();
    const signed = await signedPut(server.url, { hash: createHash('sha256').update('signed').digest('hex') });

    const answer = await fetch(signed.url, { method: 'PUT', headers: signed.headers, body: 'forged' });

    expect(await answer.text()).toContain('<Code>XAmzContentSHA256Mismatch</Code>');
  });
});

describe('a presigned URL', () => {
  test('uploads and downloads with nothing but fetch', async () => {
    const { client, file } = await startFixture();
    const key = { Bucket, Key: 'people/ali ce/ü+1.jpg' };

    const putUrl = await getSignedUrl(client, new PutObjectCommand({ ...key, Metadata: { a: 'b' } }), {
      expiresIn: 60,
    });
    const put = await fetch(putUrl, { method: 'PUT', body: 'a photo', headers: { 'content-type': 'image/jpeg' } });
    const getUrl = await getSignedUrl(client, new GetObjectCommand(key), { expiresIn: 60 });
    const got = await fetch(getUrl);

    expect(put.status).toBe(200);
    expect(await readFile(file(key.Key), 'utf8')).toBe('a photo');
    expect(await got.text()).toBe('a photo');
    expect(got.headers.get('content-type')).toBe('image/jpeg');
    expect(got.headers.get('x-amz-meta-a')).toBe('b');
  });

  test('serves nothing else, and nobody after its time', async () => {
    const { client } = await startFixture();
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a' }), { expiresIn: 60 });
    const old = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'a' }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 61_000),
    });

    const codes = await Promise.all(
      [
        fetch(url.replace('/a?', '/b?')),
        fetch(url, { method: 'DELETE' }),
        fetch(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=600')),
        fetch(old),
      ].map(async (answer) => /<Code>(\w+)</.exec(await (await answer).text())?.[1]),
    );

    expect(codes).toEqual(['SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch', 'AccessDenied']);
  });
});

describe('an unsigned request', () => {
  test('is refused, unless the server was told to serve it', async () => {
    const closed = await startFixture();
    const open = await startFixture({ anonymous: true });

    expect((await fetch(`${closed.server.url}/${bucket}/a`)).status).toBe(403);
    expect((await fetch(`${open.server.url}/${bucket}/a`, { method: 'PUT', body: 'x' })).status).toBe(200);
    expect(await (await fetch(`${open.server.url}/${bucket}/a`)).text()).toBe('x');
  });

  test('with a broken signature is told what was expected', async () => {
    const { server } = await startFixture();

    for (const authorization of ['nonsense', 'AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0']) {
      const answer = await fetch(server.url, { headers: { authorization } });
      expect(await answer.text()).toContain('<Code>AuthorizationHeaderMalformed</Code>');
    }
  });
});

test('an operation that the server does not have is answered with S3’s error', async () => {
  const { client } = await startFixture();

  const acl = client.send(new PutBucketAclCommand({ Bucket, ACL: 'private' }));

  await expect(acl).rejects.toThrow(expect.objectContaining({ name: 'NotImplemented' }));
});

test('the signature of AWS’s documentation is reproduced', async () => {
  // "Example: GET Object" of "Signature Calculations for the Authorization Header", Amazon S3 API reference.
  const headers = {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  };
  const example = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const parts = { method: 'GET', path: '/test.txt', query: new URLSearchParams(), headers };

  await expect(verifySignature(parts, example, Date.UTC(2013, 4, 24))).resolves.toBeDefined();
  await expect(verifySignature({ ...parts, path: '/other.txt' }, example, Date.UTC(2013, 4, 24))).rejects.toThrow();
});

test.each([
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', false],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', true],
])('a body of signed chunks is taken, and refused when one of them was changed: %s', async (hash, withTrailer) => {
  const { server, file } = await startFixture();
  const send = async (forge: (body: string) => string) => {
    const trailer = withTrailer ? { 'x-amz-trailer': 'x-amz-checksum-crc32' } : {};
    const { url, headers, signer } = await signedPut(server.url, {
      hash,
      'x-amz-decoded-content-length': '9',
      ...trailer,
    });
    let previous = signer.seed;
    const chunk = async (text: string) => {
      previous = await signer.chunk(previous, createHash('sha256').update(text).digest('hex'));
      return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text}`;
    };
    // CRC32 of "123456789", the check value of the CRC catalogue.
    const crc = `x-amz-checksum-crc32:${Buffer.from('cbf43926', 'hex').toString('base64')}`;
    const chunks = [await chunk('1234'), '\r\n', await chunk('56789'), '\r\n', await chunk('')].join('');
    const end = withTrailer
      ? `${crc}\r\nx-amz-trailer-signature:${await signer.trailer(previous, `${crc}\n`)}\r\n\r\n`
      : '\r\n';
    return fetch(url, { method: 'PUT', headers, body: forge(chunks + end) });
  };

  const honest = await send((body) => body);
  const forged = await send((body) => body.replace('56789', '56780'));

  expect(await honest.text()).toBe('');
  expect(honest.status).toBe(200);
  expect(await readFile(file('chunked'), 'utf8')).toBe('123456789');
  expect(await forged.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
});

/** A PUT signed here, as SDKs in other languages do it; the signer goes on with chunks. */
async function signedPut(url: string, { hash, ...more }: { hash: string; [header: string]: string }) {
  const now = new Date();
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const signedHeaders: Record<string, string> = {
    host: new URL(url).host,
    'x-amz-content-sha256': hash,
    'x-amz-date': time,
    ...more,
  };
  const names = Object.keys(signedHeaders).sort();
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const signature = signatureOf({
    time,
    scope,
    canonical: [
      'PUT',
      `/${bucket}/chunked`,
      '',
      ...names.map((name) => `${name}:${signedHeaders[name]}`),
      '',
      names.join(';'),
      hash,
    ].join('\n'),
  });
  const authorization = `AWS4-HMAC-SHA256 Credential=test/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const headers = { ...signedHeaders, authorization };
  const path = `/${bucket}/chunked`;
  const signer = await verifySignature(
    { method: 'PUT', path, query: new URLSearchParams(), headers },
    credentials,
    now.getTime(),
  );
  return { url: url + path, headers, signer };
}

function signatureOf({ time, scope, canonical }: { time: string; scope: string; canonical: string }): string {
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${credentials.secretAccessKey}`);
  const hash = createHash('sha256').update(canonical).digest('hex');
  return hmac(key, ['AWS4-HMAC-SHA256', time, scope, hash].join('\n')).toString('hex');
}
