import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../../functions/match/http/app.ts';
import type { Callers } from '../../../functions/match/http/callers.ts';
import { scopeOfRoute } from '../../../functions/match/http/route-scopes.ts';
import { createSigV4Authenticator } from '../../../lib/adapters/sigv4-authenticator.ts';
import type { AccessKey, Scope } from '../../../lib/core/access-keys.ts';
import { issueKey, revokeKey } from '../../../lib/core/access-keys.ts';
import { UnavailableError } from '../../../lib/core/errors.ts';
import { Api, inBase64, problemIn } from './api.ts';
import { type Signing, signedRequest } from './signed-request.ts';

const host = 'http://faces.example';
const someId = '0d5f9a31-572b-410c-9972-8d532f476854';

/** Which scope each route takes. */
const routeScopes: Readonly<Record<string, Scope>> = {
  'POST /v1/verify': 'read',
  'POST /v1/search': 'read',
  'POST /v1/identify': 'read',
  'POST /v1/detect': 'read',
  'GET /v1/collections': 'read',
  'POST /v1/collections': 'admin',
  'GET /v1/collections/:collection': 'read',
  'DELETE /v1/collections/:collection': 'admin',
  'GET /v1/people': 'read',
  'POST /v1/people': 'write',
  'GET /v1/people/:person': 'read',
  'PATCH /v1/people/:person': 'write',
  'DELETE /v1/people/:person': 'admin',
  'POST /v1/people/:person/merge': 'write',
  'POST /v1/people/:person/faces': 'write',
  'DELETE /v1/people/:person/faces/:faceId': 'write',
  'POST /v1/people/:person/faces/:faceId/move': 'write',
  'GET /v1/faces': 'read',
  'POST /v1/faces': 'write',
  'GET /v1/faces/:faceId': 'read',
  'DELETE /v1/faces/:faceId': 'write',
  'GET /v1/photos': 'read',
  'GET /v1/photos/:key': 'read',
  'DELETE /v1/photos': 'write',
  'DELETE /v1/photos/:key': 'write',
  'POST /v1/uploads': 'write',
};

let api: Api;
let keys: readonly AccessKey[];
let used: Set<string>;
let callers: Callers;
let read: () => Promise<readonly AccessKey[]>;
beforeEach(async () => {
  api = new Api();
  keys = [];
  used = new Set();
  read = vi.fn(async () => keys);
  callers = {
    keys: {
      authenticator: createSigV4Authenticator({ keys: () => read(), now: Date.now }),
      usedSignatures: {
        use: async (signature) => used.size < used.add(signature).size,
        release: async (signature) => void used.delete(signature),
      },
    },
  };
  await api.put({
    'people/alice/1.jpg': '10@40',
    'photos/party.jpg': '10@40',
    'collections/team/people/bob/1.jpg': '60@40',
    'collections/team/photos/party.jpg': '60@40',
  });
});

function issue(scopes: readonly Scope[], collections?: readonly string[]): AccessKey {
  const { keys: all, issued } = issueKey(keys, { name: 'test', scopes, collections }, new Date());
  keys = all;
  return issued;
}

const appOf = (who: Callers = callers) => createApp({ ...api.ports, callers: who });

async function call(path: string, signing: Signing): Promise<Response> {
  return appOf().request(await signedRequest(host + path, signing));
}

const inJson = (key: AccessKey, body: object): Signing => ({
  key,
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe('where access keys are asked for', () => {
  it('nothing answers without a signature: no route, no method, no page, no path that is none', async () => {
    const app = appOf();
    const routes = app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => [method, path] as const);
    const others = [
      ['GET', '/'],
      ['POST', '/'],
      ['GET', '/nothing'],
      ['PUT', '/v1/people'],
      ['OPTIONS', '/v1/people'],
      ['HEAD', '/v1/people'],
    ] as const;
    expect(routes.length).toBeGreaterThan(10);
    for (const [method, path] of [...routes, ...others]) {
      const response = await app.request(path.replace(/:\w+(\{.*\})?/, 'x'), { method });
      expect(response.status, `${method} ${path}`).toBe(401);
    }
    expect(read).not.toHaveBeenCalled();
  });

  it('a signed request is answered, and its body is read as ever', async () => {
    const key = issue(['read']);

    const listed = await call('/v1/people?limit=5', { key });
    const json = await call('/v1/search', inJson(key, { image: inBase64('10@40') }));
    const raw = await call('/v1/search', {
      key,
      method: 'POST',
      headers: { 'content-type': 'image/jpeg' },
      body: Buffer.from(inBase64('10@40').bytes, 'base64'),
    });
    const form = new Response(formOf('10@40'));
    const multipart = await call('/v1/search', {
      key,
      method: 'POST',
      headers: { 'content-type': form.headers.get('content-type')! },
      body: new Uint8Array(await form.arrayBuffer()),
    });

    expect(listed.status).toBe(200);
    for (const answer of [json, raw, multipart])
      expect(await answer.json()).toMatchObject({ identity: { person: 'alice' } });
    expect(api.requests.at(-1)).toMatchObject({ key: key.id });
    expect(JSON.stringify(api.requests)).not.toContain(key.secret);
  });

  it.each<[string, (request: Request) => Request]>([
    ['another body', (request) => new Request(request, { body: '{}' })],
    ['another path', (request) => new Request(`${host}/v1/detect`, request)],
    ['another query', (request) => new Request(`${request.url}?collection=team`, request)],
    ['another content type', (request) => changed(request, 'content-type', 'image/png')],
    ['another date', (request) => changed(request, 'x-amz-date', '20260101T000000Z')],
    ['no date', (request) => changed(request, 'x-amz-date', undefined)],
    ['an unsigned body', (request) => changed(request, 'x-amz-content-sha256', 'UNSIGNED-PAYLOAD')],
  ])('a request with %s than was signed is refused as a problem', async (_, change) => {
    const request = await signedRequest(`${host}/v1/search`, inJson(issue(['read']), { image: inBase64('10@40') }));
    const response = await appOf().request(change(request));
    await problemIn(response, 'UNAUTHENTICATED');
    expect(response.headers.get('www-authenticate')).toBe('AWS4-HMAC-SHA256');
  });

  it('a revoked key is refused, and one signed too early or too late', async () => {
    const key = issue(['read']);
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000);
    await problemIn(await call('/v1/people', { key, date: at(-6) }), 'UNAUTHENTICATED');
    await problemIn(await call('/v1/people', { key, date: at(6) }), 'UNAUTHENTICATED');
    expect((await call('/v1/people', { key, date: at(-4) })).status).toBe(200);

    keys = revokeKey(keys, key.id, new Date());

    await problemIn(await call('/v1/people', { key }), 'UNAUTHENTICATED');
  });

  it('a body over the limit is refused before anything is made of it', async () => {
    const key = issue(['read']);
    await problemIn(
      await call('/v1/search', inJson(key, { image: 'x'.repeat(api.ports.maxRequestBytes) })),
      'REQUEST_TOO_LARGE',
    );
    expect(read).not.toHaveBeenCalled();
  });
});

describe('the scopes of a key', () => {
  it('say which routes it opens', async () => {
    const [reader, writer, admin] = [issue(['read']), issue(['write']), issue(['admin'])];
    const statuses = async (method: string, path: string) =>
      Promise.all([reader, writer, admin].map(async (key) => (await call(path, { key, method })).status));

    expect(await statuses('GET', '/v1/people')).toEqual([200, 403, 403]);
    expect(await statuses('DELETE', '/v1/photos?key=photos/none.jpg')).toEqual([403, 404, 403]);
    expect(await statuses('DELETE', '/v1/people/nobody')).toEqual([403, 403, 404]);
  });

  it('are held to every route there is', () => {
    const routes = appOf().routes.filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'));
    const taken = routes.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(taken)].sort()).toEqual(Object.keys(routeScopes).sort());
    for (const [route, scope] of Object.entries(routeScopes)) {
      const [method, path] = route.split(' ') as [string, string];
      expect(scopeOfRoute(method, path), route).toBe(scope);
    }
  });

  it.each([
    ['GET', '/openapi.json', 'read'],
    ['GET', '/health', 'read'],
    ['POST', '/v2/anything', 'write'],
  ] as const)('%s %s takes %s', (method, route, scope) => {
    expect(scopeOfRoute(method, route)).toBe(scope);
  });
});

describe('the collections of a key', () => {
  /** A call of each route that is about a collection, `other` in one way or another. */
  const calls: readonly [method: string, path: string, body?: object][] = [
    ['POST', '/v1/verify', { source: inBase64('10@40'), person: 'ann', collection: 'other' }],
    ['POST', '/v1/verify', { source: { key: 'collections/other/photos/1.jpg' }, target: inBase64('10@40') }],
    ['POST', '/v1/verify', { source: inBase64('10@40'), target: { key: 'collections/other/photos/1.jpg' } }],
    ['POST', '/v1/search', { image: inBase64('10@40'), collection: 'other' }],
    ['POST', '/v1/search', { image: { key: 'collections/other/photos/1.jpg' }, collection: 'team' }],
    ['POST', '/v1/search?collection=other', { image: inBase64('10@40') }],
    ['POST', '/v1/identify', { image: inBase64('10@40'), collection: 'other' }],
    ['POST', '/v1/detect', { image: { key: 'collections/other/photos/1.jpg' } }],
    ['GET', '/v1/collections/other'],
    ['POST', '/v1/collections', { collection: 'another' }],
    ['DELETE', '/v1/collections/other'],
    ['DELETE', '/v1/collections/other?photos=true'],
    ['GET', '/v1/people?collection=other'],
    ['POST', '/v1/people', { person: 'new', collection: 'other' }],
    ['GET', '/v1/people/ann?collection=other'],
    ['PATCH', '/v1/people/ann?collection=other', { person: 'anna' }],
    ['POST', '/v1/people/ann/merge?collection=other', { into: 'ben' }],
    ['DELETE', '/v1/people/ann?collection=other'],
    ['POST', '/v1/people/ann/faces', { image: inBase64('10@40'), collection: 'other' }],
    ['POST', '/v1/people/ann/faces', { faceIds: [someId], collection: 'other' }],
    ['DELETE', `/v1/people/ann/faces/${someId}?collection=other`],
    ['POST', `/v1/people/ann/faces/${someId}/move?collection=other`, { to: 'ben' }],
    ['GET', '/v1/faces?collection=other'],
    ['POST', '/v1/faces', { image: inBase64('10@40'), collection: 'other' }],
    ['GET', `/v1/faces/${someId}?collection=other`],
    ['DELETE', `/v1/faces/${someId}?collection=other`],
    ['GET', '/v1/photos?collection=other'],
    ['GET', '/v1/photos/collections/other/photos/1.jpg'],
    ['DELETE', '/v1/photos/collections/other/photos/1.jpg'],
    ['DELETE', '/v1/photos?key=collections/other/photos/1.jpg'],
    ['POST', '/v1/uploads', { file: '2.jpg', bytes: 100, collection: 'other' }],
  ];

  it.each(calls)('are not reached past by %s %s', async (method, path, body) => {
    await api.put({
      'collections/other/people/ann/1.jpg': '10@40',
      'collections/other/people/ben/1.jpg': '70@40',
      'collections/other/photos/1.jpg': '10@40',
    });
    await api.ports.registry.createCollection('other');
    const stored = () =>
      JSON.stringify([...api.pipeline.registry.faces.values(), ...api.pipeline.store.objects.keys()]);
    const before = stored();
    const ofTeam = issue(['read', 'write', 'admin'], ['team']);
    const everywhere = issue(['read', 'write', 'admin']);
    const signing = (key: AccessKey) => (body ? { ...inJson(key, body), method } : { key, method });

    await problemIn(await call(path, signing(ofTeam)), 'FORBIDDEN');

    expect(stored()).toBe(before);
    expect((await call(path, signing(everywhere))).status).not.toBe(403);
  });

  it('are called by every route', () => {
    const patterns = Object.keys(routeScopes).filter((route) => route !== 'GET /v1/collections');
    const called = calls.map(([method, path]) => `${method} ${path.split('?')[0]}`);
    for (const pattern of patterns) {
      const [method, path] = pattern.split(' ') as [string, string];
      const matching = new RegExp(`^${method} ${path.replace(':key', '.+').replaceAll(/:\w+/g, '[^/]+')}$`);
      expect(
        called.some((each) => matching.test(each)),
        pattern,
      ).toBe(true);
    }
  });

  it('do not keep it from asking whether all is well', async () => {
    expect((await call('/health', { key: issue(['read'], ['team']) })).status).toBe(200);
  });

  it('are the only ones that are listed', async () => {
    await api.ports.registry.createCollection('team');
    await api.ports.registry.createCollection('other');
    const { collections } = (await (await call('/v1/collections', { key: issue(['read'], ['team']) })).json()) as {
      collections: { collection: string }[];
    };
    expect(collections.map(({ collection }) => collection)).toEqual(['team']);
  });

  it('are the only ones that it touches, whichever way others are named', async () => {
    const key = issue(['read', 'write', 'admin'], ['team']);
    const image = inBase64('60@40');
    expect(await (await call('/v1/search', inJson(key, { image, collection: 'team' }))).json()).toMatchObject({
      identity: { person: 'bob' },
    });
    expect(
      await (
        await call(
          '/v1/verify',
          inJson(key, { source: { key: 'collections/team/photos/party.jpg' }, person: 'bob', collection: 'team' }),
        )
      ).json(),
    ).toMatchObject({ verified: true });

    const refused = [
      await call('/v1/people', { key }),
      await call('/v1/people?collection=other', { key }),
      await call('/v1/faces?collection=main', { key }),
      await call('/v1/photos', { key }),
      await call('/v1/people/alice', { key }),
      await call('/v1/search', inJson(key, { image })),
      await call('/v1/verify', inJson(key, { source: image, person: 'alice' })),
      await call('/v1/detect', inJson(key, { image: { key: 'photos/party.jpg' } })),
      await call('/v1/identify', inJson(key, { image: { key: 'people/alice/1.jpg' }, collection: 'team' })),
      await call('/v1/photos?key=photos/party.jpg', { key, method: 'DELETE' }),
      await call('/v1/people/alice', { key, method: 'DELETE' }),
    ];

    for (const response of refused) await problemIn(response, 'FORBIDDEN');
    expect([...api.pipeline.store.objects.keys()].filter((name) => name.includes('photos/party.jpg'))).toHaveLength(2);
    expect((await call('/v1/photos?key=collections/team/photos/party.jpg', { key, method: 'DELETE' })).status).toBe(
      200,
    );
  });
});

describe('a write', () => {
  const remove = (key: AccessKey) => signedRequest(`${host}/v1/photos?key=photos/party.jpg`, { key, method: 'DELETE' });

  it('that comes a second time with the same signature is refused; a read is not', async () => {
    const key = issue(['read', 'write']);
    const request = await remove(key);
    const reading = await signedRequest(`${host}/v1/people`, { key });

    expect((await appOf().request(request.clone())).status).toBe(200);
    await problemIn(await appOf().request(request.clone()), 'UNAUTHENTICATED');
    expect((await appOf().request(reading.clone())).status).toBe(200);
    expect((await appOf().request(reading.clone())).status).toBe(200);
  });

  it('that failed in here can be sent again as it is', async () => {
    const request = await remove(issue(['write']));
    const removing = vi.spyOn(api.pipeline.store, 'remove').mockRejectedValueOnce(new UnavailableError('away'));

    await problemIn(await appOf().request(request.clone()), 'UNAVAILABLE');
    expect((await appOf().request(request.clone())).status).toBe(200);
    expect(removing).toHaveBeenCalledTimes(2);
  });
});

describe('where API Gateway lets callers in', () => {
  const event = (authorizer?: object) => ({ event: { requestContext: { ...(authorizer && { authorizer }) } } });

  it('those whom it has let in may do everything, and nobody who came past it', async () => {
    const app = appOf({ gateway: true });
    expect((await app.request('/v1/people', {}, event({ iam: { userArn: 'arn' } }))).status).toBe(200);
    expect((await app.request('/v1/people/alice', { method: 'DELETE' }, event({ jwt: { claims: {} } }))).status).toBe(
      200,
    );
    for (const authorizer of [undefined, {}, { iam: null }]) {
      await problemIn(await app.request('/v1/people', {}, event(authorizer)), 'UNAUTHENTICATED');
    }
    await problemIn(await app.request('/v1/people'), 'UNAUTHENTICATED');
  });

  it('and access keys too, either of the two is enough', async () => {
    const app = appOf({ ...callers, gateway: true });
    const signed = await signedRequest(`${host}/v1/people`, { key: issue(['read']) });
    expect((await app.request('/v1/people', {}, event({ iam: { userArn: 'arn' } }))).status).toBe(200);
    expect((await app.request(signed, {}, event())).status).toBe(200);
    await problemIn(await app.request('/v1/people', {}, event()), 'UNAUTHENTICATED');
  });
});

function formOf(photo: string): FormData {
  const form = new FormData();
  form.append('image', new File([Buffer.from(inBase64(photo).bytes, 'base64')], 'photo.jpg'));
  return form;
}

function changed(request: Request, name: string, value: string | undefined): Request {
  const headers = new Headers(request.headers);
  if (value === undefined) headers.delete(name);
  else headers.set(name, value);
  return new Request(request, { headers });
}

it('an answer that is kept for one key is not given to another', async () => {
  const [team, other] = [issue(['write'], ['team']), issue(['write'], ['other'])];
  const ask = (key: AccessKey) =>
    call('/v1/uploads', {
      key,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'same' },
      body: '{"collection":"team","bytes":1}',
    });
  expect((await ask(team)).status).toBe(201);
  await problemIn(await ask(other), 'FORBIDDEN');
});
