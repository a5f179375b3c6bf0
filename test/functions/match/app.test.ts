import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { version } from '../../../functions/match/http/version.ts';
import { ModelError, UnavailableError } from '../../../lib/core/errors.ts';
import { Api, inBase64, json, problemIn, raw } from './api.ts';

interface OpenApi {
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly operationId: string }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

let api: Api;
beforeEach(() => {
  api = new Api();
});

describe('GET /health', () => {
  it('says the version, the model and the threshold', async () => {
    expect(await api.ask('GET', '/health')).toEqual({ status: 'ok', version, model: 'plane', threshold: 0.5 });
  });

  it('tells when the table does not answer', async () => {
    api.pipeline.registry.listCollections = async () => Promise.reject(new UnavailableError('away'));
    await api.fail('UNAVAILABLE', 'GET', '/health');
  });

  it('tells when a model is not there', async () => {
    api.pipeline.embedder.failure = new ModelError('MODEL_MISSING', 'no file at /opt/models');
    expect((await api.fail('MODEL_MISSING', 'GET', '/health')).detail).not.toContain('/opt');
  });

  it('gives the version of the package', () => {
    expect(version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });
});

describe('GET /openapi.json', () => {
  it('describes every route that is there', async () => {
    const { paths, info } = await api.ask<OpenApi>('GET', '/openapi.json');

    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((m) => `${m} ${path}`),
    );
    const routes = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && path !== '/openapi.json' && !path.startsWith('/docs'))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(described.sort()).toEqual([...new Set(routes)].sort());
    expect(info.version).toBe(version);
  });

  it('has no reference to what is not in it, and no operation without a name of its own', async () => {
    const document = await api.ask<OpenApi>('GET', '/openapi.json');
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    for (const reference of references) {
      expect(document.components.schemas).toHaveProperty(reference.split('/').at(-1)!);
    }
    const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
  });
});

describe('GET /docs', () => {
  it('is a page that loads nothing from anywhere else, and allows itself nothing else', async () => {
    const response = await api.call('GET', '/docs');
    const html = await response.text();
    const loaded = [...html.matchAll(/(?:src|href|spec-url)="([^"]+)"/g)].map(([, address]) => address!);
    expect(loaded).toContain('openapi.json');
    for (const address of loaded.filter((address) => address !== 'data:,')) {
      expect((await api.call('GET', `/${address}`)).status, address).toBe(200);
    }
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(html).not.toMatch(/<script>|style=|\bon\w+=/);
  });

  it('is drawn by a script that weighs less than a megabyte', async () => {
    const response = await api.call('GET', '/docs/openapi-explorer.min.js');
    expect(response.headers.get('content-type')).toMatch('text/javascript');
    expect((await response.text()).length).toBeLessThan(1024 ** 2);
  });
});

describe('any answer', () => {
  it.each(['/health', '/v1/people/eve', '/nothing'])(
    'to GET %s is for nobody else to keep or to guess',
    async (path) => {
      const { headers } = await api.call('GET', path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    },
  );

  it('leaves a line in the log that names nobody', async () => {
    await api.call('GET', '/v1/people/eve?collection=main');
    expect(api.requests).toEqual([
      {
        requestId: expect.any(String),
        method: 'GET',
        route: '/v1/people/:person',
        status: 404,
        code: 'PERSON_NOT_FOUND',
        ms: expect.any(Number),
      },
    ]);
  });
});

describe('a page', () => {
  it.each(['/v1/people', '/v1/faces', '/v1/photos'])('of %s has 1 to 1000 items', async (path) => {
    for (const limit of [1, 1000]) await api.ask('GET', `${path}?limit=${limit}`);
    for (const limit of ['0', '1001', '-1', '1.5', '', 'all', '1&limit=2']) {
      const { detail } = await api.fail('INVALID_REQUEST', 'GET', `${path}?limit=${limit}`);
      expect(detail).toContain('limit: expected a whole number from 1 to 1000, received');
    }
  });

  it.each(['/v1/people', '/v1/faces', '/v1/photos'])('of %s takes no parameter that it does not know', async (path) => {
    expect((await api.fail('INVALID_REQUEST', 'GET', `${path}?colection=team`)).detail).toContain('"colection"');
  });
});

describe('what is not there', () => {
  it.each([
    '/',
    '/people',
    '/v1',
    '/v2/people',
    '/v1/people/',
    '/v1/people/a/b',
    '/v1/photos/',
    '/v1/verify/x',
    '/v1/PEOPLE',
    '/%00',
    '/%zz',
  ])('is ROUTE_NOT_FOUND: %s', async (path) => {
    await api.fail('ROUTE_NOT_FOUND', 'GET', path);
  });

  it.each([
    ['GET', '/v1/verify', 'POST'],
    ['PUT', '/v1/photos/photos/a/b.jpg', 'GET, HEAD, DELETE'],
    ['POST', '/v1/people/alice', 'GET, HEAD, PATCH, DELETE'],
    ['OPTIONS', '/health', 'GET, HEAD'],
  ])('is METHOD_NOT_ALLOWED: %s %s', async (method, path, allowed) => {
    const response = await api.call(method, path);
    expect(response.headers.get('allow')).toBe(allowed);
    expect((await problemIn(response, 'METHOD_NOT_ALLOWED')).detail).toContain(method);
  });
});

describe('no request at all', () => {
  /** Whatever comes, it is answered, with success or with the one shape of errors, and never as a failure in here. */
  async function expectSane(response: Response): Promise<void> {
    expect(response.status).toBeLessThan(500);
    if (response.ok) return;
    const { code } = (await response.clone().json()) as { code: Parameters<typeof problemIn>[1] };
    await problemIn(response, code);
  }

  const path = fc.constantFrom(
    ...[
      'verify',
      'search',
      'detect',
      'faces',
      'uploads',
      'people',
      'people/alice/faces',
      'people/alice/merge',
      'collections',
    ].map((name) => `/v1/${name}`),
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('alice', 'photos/a.jpg', '\ud83d', '\0', '', ' '),
  );
  const value = fc.oneof(fc.jsonValue(), text, fc.constantFrom(inBase64('10@40'), { key: 'photos/a.jpg' }, {}));
  const fields = fc.dictionary(
    fc.constantFrom(
      ...['source', 'target', 'image', 'person', 'collection', 'count', 'bytes', 'face', 'faceIds', 'into', 'file'],
      ...['__proto__', 'constructor'],
    ),
    fc.oneof(value, fc.record({ bytes: value }), fc.record({ key: value }), fc.record({ bytes: value, key: value })),
  );

  it('of JSON breaks it', async () => {
    await fc.assert(
      fc.asyncProperty(path, fc.oneof(fields, fc.jsonValue()), async (path, body) => {
        await expectSane(await api.call('POST', path, json(body)));
      }),
      { numRuns: 500 },
    );
  });

  it('of bytes breaks it', async () => {
    const contentType = fc.constantFrom(
      'application/json',
      'application/json; charset=utf-16',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'image/png',
      'x',
      ';;',
    );
    const part = fc.constantFrom(
      '--x\r\n',
      '--x--',
      'Content-Disposition: form-data; name="image"',
      '\r\n\r\n',
      '=',
      '&',
      '{',
      '"',
    );
    const body = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(part).map((parts) => parts.join('')),
    );
    await fc.assert(
      fc.asyncProperty(path, contentType, body, async (path, contentType, body) => {
        await expectSane(await api.call('POST', path, raw(body, contentType)));
      }),
      { numRuns: 500 },
    );
  });

  it('of paths, methods and queries breaks it', async () => {
    const method = fc.constantFrom('GET', 'DELETE', 'PUT', 'PATCH', 'POST', 'OPTIONS');
    const root = fc.constantFrom(
      '/',
      '/v1/people',
      '/v1/people/',
      '/v1/faces',
      '/v1/photos',
      '/v1/photos/',
      '/health',
      '/openapi.json',
      '//',
    );
    const rest = fc.oneof(
      fc.webPath(),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll(/[?#]/g, '')),
    );
    const query = fc.oneof(
      fc.constant(''),
      fc.webQueryParameters(),
      fc.string({ unit: 'binary' }).map((q) => `limit=${q}&after=${q}`),
    );
    await fc.assert(
      fc.asyncProperty(method, root, rest, query, async (method, root, rest, query) => {
        await expectSane(await api.call(method, `${root}${rest}?${query}`));
      }),
      { numRuns: 1000 },
    );
  });
});
