import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSigV4Authenticator } from '../../lib/adapters/sigv4-authenticator.ts';
import type { AuthenticationFailure, Caller, SignedRequest } from '../../lib/core/access.ts';
import { type AccessKey, issueKey, revokeKey } from '../../lib/core/access-keys.ts';

const signedAt = new Date('2026-11-25T12:00:00Z');
const minute = 60_000;
const issued = issueKey([], { name: 'test', scopes: ['read'], collections: ['team'] }, signedAt).issued;

interface Signing {
  readonly method?: string;
  /** Encoded as it is sent. */
  readonly path?: string;
  readonly query?: Record<string, string | string[]>;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly service?: string;
  readonly key?: { readonly id: string; readonly secret: string; readonly sessionToken?: string };
  readonly applyChecksum?: boolean;
}

/** A request as an SDK signs it, as it reaches the function. */
async function sign({
  method = 'POST',
  path = '/v1/search',
  query = {},
  headers = { 'content-type': 'application/json' },
  body = '{"a":1}',
  service = 'facenet',
  key = issued,
  applyChecksum = true,
}: Signing = {}): Promise<SignedRequest> {
  const { id: accessKeyId, secret: secretAccessKey, ...session } = key as typeof key & AccessKey;
  const { sessionToken } = session as { sessionToken?: string };
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  const signer = new SignatureV4({ service, region: 'eu-central-1', credentials, sha256: Sha256, applyChecksum });
  const signed = await signer.sign(
    {
      method,
      protocol: 'https:',
      hostname: 'faces.example',
      path,
      query,
      headers: { host: 'faces.example', ...headers },
      body,
    },
    { signingDate: signedAt },
  );
  const pairs = Object.entries(query).flatMap(([name, values]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  return {
    method,
    path: decodeURIComponent(path),
    query: new URLSearchParams(pairs),
    headers: signed.headers,
    body: Buffer.from(body),
  };
}

function authenticate(
  request: SignedRequest,
  { now = signedAt.getTime() + minute, keys = [issued] as readonly AccessKey[] } = {},
): Promise<Caller> {
  return createSigV4Authenticator({ keys: async () => keys, now: () => now }).authenticate(request);
}

async function expectRefusal(failure: AuthenticationFailure, ...args: Parameters<typeof authenticate>): Promise<void> {
  await expect(authenticate(...args)).rejects.toThrow(
    expect.objectContaining({
      code: 'UNAUTHENTICATED',
      failure,
      message: expect.stringMatching(/^Expected .+, received .+\. /),
    }),
  );
}

describe('a signed request', () => {
  it('is of the key that it names, for as long as the skew allows', async () => {
    const request = await sign();

    expect(await authenticate(request)).toEqual({
      keyId: issued.id,
      scopes: ['read'],
      collections: ['team'],
      signature: /Signature=(\w+)/.exec(request.headers.authorization!)![1],
      expiresAt: signedAt.getTime() + 5 * minute,
    });
  });

  it.each<[string, Signing]>([
    [
      'for Rekognition',
      {
        service: 'rekognition',
        path: '/',
        headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'RekognitionService.ListFaces' },
      },
    ],
    ['for API Gateway', { service: 'execute-api' }],
    ['without a hash of the body in a header, as botocore signs', { applyChecksum: false }],
    ['without a body', { method: 'GET', body: '', headers: {} }],
    [
      'with a query that has names twice, out of order and with marks',
      { query: { b: ['2', '1'], a: "x y+z&/?'!*()~", ü: '' } },
    ],
    ['with a path as SDKs encode it', { path: '/v1/people/O%27Neil%20%2B%20%E7%8E%8B%20%2825%25%29' }],
    ['with a path as encodeURIComponent encodes it', { path: "/v1/people/O'Neil%20%2B%20%E7%8E%8B%20(25%25)" }],
    ['with a path as browsers encode it', { path: "/v1/people/O'Neil%20+%20@%E7%8E%8B" }],
    ['with a slash at its end', { path: '/v1/people/' }],
  ])('is taken %s', async (_, signing) => {
    expect((await authenticate(await sign(signing))).keyId).toBe(issued.id);
  });

  const changes: readonly [string, (request: SignedRequest) => Partial<SignedRequest>][] = [
    ['method', () => ({ method: 'DELETE' })],
    ['path', () => ({ path: '/v1/detect' })],
    ['query', () => ({ query: new URLSearchParams('a=2') })],
    ['query, by a parameter more', () => ({ query: new URLSearchParams('a=1&b=1') })],
    ['body', () => ({ body: Buffer.from('{"a":2}') })],
    [
      'body and its hash',
      ({ headers }) => ({
        body: Buffer.from('{"a":2}'),
        headers: { ...headers, 'x-amz-content-sha256': 'ab'.repeat(32) },
      }),
    ],
    ['host', ({ headers }) => ({ headers: { ...headers, host: 'other.example' } })],
    ['content type', ({ headers }) => ({ headers: { ...headers, 'content-type': 'image/jpeg' } })],
    ['date', ({ headers }) => ({ headers: { ...headers, 'x-amz-date': '20261125T120100Z' } })],
    [
      'signature',
      ({ headers }) => ({
        headers: {
          ...headers,
          authorization: headers.authorization!.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
        },
      }),
    ],
  ];
  it.each(changes)('is refused when its %s is another', async (_, change) => {
    const request = await sign({ query: { a: '1' } });
    await expectRefusal('wrong-signature', { ...request, ...change(request) });
  });

  it.each(['content-type', 'if-match', 'idempotency-key', 'x-amz-target', 'x-amz-meta-a'])(
    'is refused when somebody has added the header %s, which is not signed',
    async (name) => {
      const request = await sign({ headers: {} });
      await expectRefusal('incomplete', { ...request, headers: { ...request.headers, [name]: 'x' } });
    },
  );

  it('with thousands of one parameter has it looked up once for each way to encode the path', async () => {
    const request = await sign({ query: { a: Array.from({ length: 5000 }, () => '') } });
    const lookUp = vi.spyOn(request.query, 'getAll');
    expect(await authenticate(request)).toMatchObject({ keyId: issued.id });
    expect(lookUp.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it('does not mind headers that proxies add', async () => {
    const request = await sign();
    const headers = {
      ...request.headers,
      'x-forwarded-for': '192.0.2.1',
      'x-amzn-trace-id': 'Root=1',
      'user-agent': 'curl',
      'x-amz-cf-id': 'a',
    };
    expect((await authenticate({ ...request, headers })).keyId).toBe(issued.id);
  });

  it('is refused when a header that was signed is missing', async () => {
    const request = await sign({ headers: { 'x-one': '1' } });
    await expectRefusal('incomplete', { ...request, headers: { ...request.headers, 'x-one': undefined } });
  });

  it('is refused when host or date are not among the signed headers', async () => {
    const request = await sign();
    for (const name of ['host', 'x-amz-date']) {
      const authorization = request.headers.authorization!.replace(new RegExp(`${name};?`), '');
      await expectRefusal('incomplete', { ...request, headers: { ...request.headers, authorization } });
    }
  });

  it('is refused when it was signed by another secret', async () => {
    await expectRefusal('wrong-signature', await sign({ key: { ...issued, secret: 'x'.repeat(40) } }));
  });

  it('is refused when nobody was issued its key, or none was issued at all', async () => {
    const request = await sign({ key: { id: 'FACEAAAAAAAAAAAAAAAA', secret: issued.secret } });
    await expectRefusal('unknown-key', request);
    await expectRefusal('unknown-key', await sign(), { keys: [] });
    // The secret that stands in for a missing one opens nothing.
    await expectRefusal('unknown-key', await sign({ key: { id: 'FACEAAAAAAAAAAAAAAAA', secret: '0'.repeat(40) } }));
  });

  it('is refused once its key is revoked', async () => {
    await expectRefusal('unknown-key', await sign(), { keys: revokeKey([issued], issued.id, signedAt) });
  });

  it.each([
    [-5 * minute, undefined],
    [5 * minute, undefined],
    [-5 * minute - 1000, 'wrong-time'],
    [5 * minute + 1000, 'wrong-time'],
    [24 * 60 * minute, 'wrong-time'],
  ] as const)('that arrives %i ms after it was signed is answered %s', async (late, failure) => {
    const now = signedAt.getTime() + late;
    if (failure) await expectRefusal(failure, await sign(), { now });
    else expect((await authenticate(await sign(), { now })).keyId).toBe(issued.id);
  });

  it.each(['20261131T120000Z', '2026-11-25T12:00:00Z', '20261126T000000Z', '', 'Wed, 25 Nov 2026 12:00:00 GMT'])(
    'is refused with the date "%s"',
    async (date) => {
      const request = await sign();
      await expectRefusal('incomplete', { ...request, headers: { ...request.headers, 'x-amz-date': date } });
    },
  );

  it('is refused when its body is not signed', async () => {
    for (const hash of [
      'UNSIGNED-PAYLOAD',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    ]) {
      await expectRefusal('incomplete', await sign({ headers: { 'x-amz-content-sha256': hash } }));
    }
  });

  it('is refused with a session token, whether signed or not', async () => {
    await expectRefusal('incomplete', await sign({ key: { ...issued, sessionToken: 'token' } }));
    const request = await sign();
    await expectRefusal('incomplete', { ...request, headers: { ...request.headers, 'x-amz-security-token': 'token' } });
  });

  it.each(['//v1/search', '/v1//search', '/v1/./search', '/v1/../search', '/v1/search/..', '/v1/search/.'])(
    'is refused on the path %s, which signs like another',
    async (path) => {
      await expectRefusal('incomplete', await sign({ path }));
    },
  );

  it.each(['s3', 'lambda', 'facenet2'])('is refused when it was signed for the service %s', async (service) => {
    await expectRefusal('incomplete', await sign({ service }));
  });
});

describe('another request', () => {
  it('is refused without a signature', async () => {
    await expectRefusal('missing', { ...(await sign()), headers: { host: 'faces.example' } });
  });

  it.each([
    'nonsense',
    'Bearer token',
    'AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0',
    'AWS4-ECDSA-P256-SHA256 Credential=A/20261125/facenet/aws4_request, SignedHeaders=host, Signature=00',
  ])('is refused with the authorization "%s"', async (authorization) => {
    const request = await sign();
    await expectRefusal('incomplete', { ...request, headers: { ...request.headers, authorization } });
  });

  it('is refused when two authorizations came as one', async () => {
    const request = await sign();
    const authorization = `${request.headers.authorization}, ${request.headers.authorization}`;
    await expectRefusal('incomplete', { ...request, headers: { ...request.headers, authorization } });
  });

  it('is refused when it is presigned', async () => {
    const request = await sign();
    for (const name of ['X-Amz-Signature', 'x-amz-credential']) {
      await expectRefusal('incomplete', { ...request, query: new URLSearchParams({ [name]: 'x' }) });
    }
  });
});

it('a claim can be looked at before the body is there', async () => {
  const authenticator = createSigV4Authenticator({ keys: async () => [issued], now: () => signedAt.getTime() });
  const { body: _, ...head } = await sign();
  expect(() => authenticator.expectClaim(head)).not.toThrow();
  expect(() => authenticator.expectClaim({ ...head, headers: {} })).toThrow(
    expect.objectContaining({ failure: 'missing' }),
  );
});

/** Requests as callers make them: any names, values and bytes. Segments of dots alone are for no signer. */
const anyText = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !/^\.+$|[/\\]/.test(text));
const anyRequest = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE'),
  segments: fc.array(anyText, { minLength: 1, maxLength: 3 }),
  query: fc.dictionary(
    anyText.filter((name) => !/^x-amz-/i.test(name)),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    { maxKeys: 3 },
  ),
  headers: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), fc.stringMatching(/^[!-~]([ -~]{0,10}[!-~])?$/), {
    maxKeys: 2,
  }),
  body: fc.string({ unit: 'grapheme', maxLength: 20 }),
});
type AnyRequest = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;
const signingOf = ({ segments, ...rest }: AnyRequest): Signing => ({
  ...rest,
  path: `/${segments.map(strictly).join('/')}`,
});
const strictly = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);

it('whatever is signed is taken as it was signed, and not when any part of it is another', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyRequest,
      anyRequest,
      fc.constantFrom('method', 'segments', 'query', 'body', 'headers'),
      async (one, other, part) => {
        const request = await sign(signingOf(one));
        expect((await authenticate(request)).keyId).toBe(issued.id);

        const others = Object.fromEntries(Object.entries(one.headers).map(([name, value]) => [name, `${value}!`]));
        const changed = await sign(signingOf({ ...one, [part]: part === 'headers' ? others : other[part] }));
        const { authorization } = request.headers;
        const taken = await authenticate({ ...changed, headers: { ...changed.headers, authorization } }).then(
          () => true,
          () => false,
        );
        expect(taken).toBe(changed.headers.authorization === authorization);
      },
    ),
    { numRuns: 200 },
  );
});

const botocore = `
import json, sys
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
for each in json.load(sys.stdin):
    request = AWSRequest(method=each['method'], url=each['url'], headers=each['headers'], data=each['body'].encode())
    SigV4Auth(Credentials(each['id'], each['secret']), 'facenet', 'eu-central-1').add_auth(request)
    print(json.dumps(dict(request.headers)))
`;
const hasBotocore = spawnSync('python3', ['-c', 'import botocore.auth']).status === 0;

it.skipIf(!hasBotocore)('what botocore signs is taken (skipped where it is not)', async () => {
  const requests = fc.sample(anyRequest, { numRuns: 100, seed: 1 }).map(signingOf);
  const input = requests.map(({ method, path, query, headers, body }) => {
    const pairs = Object.entries(query!).map(([name, value]) => `${strictly(name)}=${strictly(String(value))}`);
    const url = `https://faces.example${path}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`;
    return { method, url, headers, body, id: issued.id, secret: issued.secret };
  });
  const { stdout, status, stderr } = spawnSync('python3', ['-c', botocore], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);

  const signed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, string>);
  for (const [i, { method, path, query, body }] of requests.entries()) {
    const headers = Object.fromEntries(Object.entries(signed[i]!).map(([name, value]) => [name.toLowerCase(), value]));
    const request = {
      method: method!,
      path: decodeURIComponent(path!),
      query: new URLSearchParams(query as Record<string, string>),
      headers: { host: 'faces.example', ...headers },
      body: Buffer.from(body!),
    };
    await expect(authenticate(request, { now: Date.now() }), input[i]!.url).resolves.toMatchObject({
      keyId: issued.id,
    });
  }
});

const hasCurl = spawnSync('curl', ['--aws-sigv4', 'x', '--version']).status === 0;

it.skipIf(!hasCurl)('curl --aws-sigv4 is taken (skipped where curl cannot sign)', async () => {
  const authenticator = createSigV4Authenticator({ keys: async () => [issued], now: Date.now });
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://faces.example');
    const headers = request.headers as Record<string, string>;
    const { method = '' } = request;
    const body = await buffer(request);
    const caller = await authenticator
      .authenticate({ method, path: decodeURIComponent(pathname), query: searchParams, headers, body })
      .catch((error: Error) => ({ keyId: error.message }));
    response.end(caller.keyId);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/people?collection=team`;
  const curl = async (...args: string[]) =>
    (
      await promisify(execFile)('curl', [
        '-sS',
        '--aws-sigv4',
        'aws:amz:any:facenet',
        '--user',
        `${issued.id}:${issued.secret}`,
        ...args,
        url,
      ])
    ).stdout;

  expect(await curl()).toBe(issued.id);
  expect(await curl('-X', 'DELETE')).toBe(issued.id);
  expect(await curl('-H', 'content-type: image/jpeg', '--data-binary', 'a photo')).toBe(issued.id);
});
