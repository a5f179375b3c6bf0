import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RequestEvent } from '../../functions/match/http/request-event.ts';
import { createSigV4Authenticator } from '../../lib/adapters/sigv4-authenticator.ts';
import { type AccessKey, issueKey } from '../../lib/core/access-keys.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { type EventEnvelope, EventLog } from '../../local/event-log.ts';
import { startGateway } from '../../local/gateway.ts';
import type { LoopbackServer } from '../../local/loopback-server.ts';
import { type Signing, signedRequest } from '../functions/match/signed-request.ts';
import { until } from '../until.ts';

const maxBodyBytes = 1000;

let folder: string;
let log: EventLog;
let gateway: LoopbackServer;
/** What the function was sent, and what it does. */
let events: RequestEvent[];
let invoke: (event: RequestEvent) => unknown;
let trouble: unknown[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-gateway-'));
  log = await EventLog.open(join(folder, 'events.jsonl'));
  events = [];
  trouble = [];
  invoke = () => ({ statusCode: 200 });
  gateway = await start();
});
afterEach(async () => {
  await gateway.close();
  await log.close();
  await rm(folder, { recursive: true });
});

function start(options: Pick<Parameters<typeof startGateway>[0], 'port' | 'strangers'> = {}): Promise<LoopbackServer> {
  return startGateway({
    invoke: async (event) => {
      events.push(event);
      return invoke(event);
    },
    log,
    status: async () => ({ waiting: 3, deadLetters: [] }),
    maxBodyBytes,
    failed: (error) => trouble.push(error),
    ...options,
  });
}

const call = (path: string, init?: RequestInit) => fetch(gateway.url + path, init);
const bodyOf = ({ body, isBase64Encoded }: RequestEvent) =>
  Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');

/** A request as it stands on the wire, which no client tidies up. */
async function raw(head: string): Promise<string> {
  const socket = connect(gateway.port, '127.0.0.1');
  socket.end(`${head}\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
  return text(socket);
}

describe('a request', () => {
  it('reaches the function as an event of payload format 2.0', async () => {
    await call('/v1/verify?collection=main', { method: 'POST', body: 'hello', headers: { 'X-One': '1' } });

    const [event] = events;
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/v1/verify',
      rawQueryString: 'collection=main',
      queryStringParameters: { collection: 'main' },
      headers: { 'x-one': '1', 'content-type': 'text/plain;charset=UTF-8' },
      isBase64Encoded: true,
      requestContext: {
        stage: '$default',
        http: { method: 'POST', path: '/v1/verify', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      },
    });
    expect(bodyOf(event!).toString()).toBe('hello');
  });

  it.each([
    ['a slash in a name', '/v1/photos/photos%2Fa%2Fb.jpg', '/v1/photos/photos/a/b.jpg'],
    ['a plus sign', '/v1/photos/a+b.jpg', '/v1/photos/a+b.jpg'],
    ['a space', '/v1/people/Ann%20Lee', '/v1/people/Ann Lee'],
    ['letters that are not Latin', `/v1/people/${encodeURIComponent('王芳')}`, '/v1/people/王芳'],
    ['an emoji', `/v1/people/${encodeURIComponent('🙂')}`, '/v1/people/🙂'],
    ['a percent sign', '/v1/people/100%25', '/v1/people/100%'],
    ['a percent sign that means nothing', '/v1/people/100%', '/v1/people/100%'],
    ['a question mark', '/v1/people/who%3F', '/v1/people/who?'],
    ['a quote', '/v1/people/O%27Neil', "/v1/people/O'Neil"],
  ])('has its path decoded: %s', async (_, path, rawPath) => {
    await call(path);
    expect(events[0]).toMatchObject({ rawPath, requestContext: { http: { path: rawPath } } });
  });

  it.each(['//', '//photos/a', '///', '/a//b'])('keeps slashes as they are: %s', async (path) => {
    expect(await raw(`GET ${path} HTTP/1.1`)).toMatch(/^HTTP\/1.1 200 /);
    expect(events[0]!.rawPath).toBe(path);
  });

  it('has its query as it came, and read', async () => {
    await call(`/v1/photos?after=a%2Bb%20c&x=1+2&tag=a&tag=b&who=${encodeURIComponent('王')}`);
    expect(events[0]).toMatchObject({
      rawQueryString: `after=a%2Bb%20c&x=1+2&tag=a&tag=b&who=${encodeURIComponent('王')}`,
      queryStringParameters: { after: 'a+b c', x: '1 2', tag: 'a,b', who: '王' },
    });
    await call('/v1/photos');
    expect(events[1]).toMatchObject({ rawQueryString: '' });
    expect(events[1]).not.toHaveProperty('queryStringParameters');
  });

  it('has a parameter that comes thousands of times looked up once', async () => {
    const lookUp = vi.spyOn(URLSearchParams.prototype, 'getAll');
    onTestFinished(() => lookUp.mockRestore());
    await call(`/v1/photos?${'a&'.repeat(7000)}`);
    expect(events[0]).toMatchObject({ queryStringParameters: { a: ','.repeat(6999) } });
    expect(lookUp).toHaveBeenCalledTimes(1);
  });

  it.each(['https://faces.example', 'http://localhost.faces.example:8400', 'null'])(
    'of a page of somebody else is refused, as forms are sent unasked: %s',
    async (origin) => {
      const photo = new FormData();
      photo.set('image', new Blob(['a face']));
      const response = await call('/v1/people/boss/photos', { method: 'POST', body: photo, headers: { origin } });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: 'FORBIDDEN', detail: expect.stringContaining(origin) });
      expect(events).toEqual([]);
    },
  );

  it.each(['http://localhost:5173', 'http://127.0.0.1:8400', 'https://[::1]'])(
    'of a page of this machine is let in: %s',
    async (origin) => {
      expect((await call('/v1/detect', { method: 'POST', body: 'a photo', headers: { origin } })).status).toBe(200);
    },
  );

  it('has its cookies apart from its headers', async () => {
    await call('/', { headers: { cookie: 'a=1; b=2' } });
    expect(events[0]).toMatchObject({ cookies: ['a=1', 'b=2'] });
    expect(events[0]!.headers).not.toHaveProperty('cookie');
  });

  it('carries any bytes', async () => {
    const bytes = randomBytes(maxBodyBytes);
    await call('/v1/detect', { method: 'POST', body: bytes });
    expect(bodyOf(events[0]!).equals(bytes)).toBe(true);
  });

  it('that has no body has none', async () => {
    await call('/v1/people/alice', { method: 'DELETE' });
    expect(events[0]).toMatchObject({
      body: null,
      isBase64Encoded: false,
      requestContext: { http: { method: 'DELETE' } },
    });
  });

  it('that is too large is refused, and the function is not asked', async () => {
    const response = await call('/v1/detect', { method: 'POST', body: new Uint8Array(maxBodyBytes + 1) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
    expect(events).toEqual([]);
  });

  it('that breaks off is nobody’s trouble', async () => {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write('POST /detect HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\nhalf');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    expect((await call('/')).status).toBe(200);
    expect(events).toHaveLength(1);
    expect(trouble).toEqual([]);
  });
});

describe('an answer', () => {
  it('has the status, headers, cookies and text of the function', async () => {
    invoke = () => ({
      statusCode: 422,
      headers: { 'content-type': 'application/problem+json', 'x-count': 3 },
      cookies: ['a=1; HttpOnly', 'b=2'],
      body: '{"detail":"kein Gesicht – 无"}',
    });
    const response = await call('/v1/search');
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-count')).toBe('3');
    expect(response.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2']);
    expect(await response.json()).toEqual({ detail: 'kein Gesicht – 无' });
  });

  it('carries any bytes', async () => {
    const bytes = randomBytes(5000);
    invoke = () => ({ statusCode: 200, body: bytes.toString('base64'), isBase64Encoded: true });
    const response = await call('/');
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it.each<[string, () => unknown]>([
    ['fails', () => Promise.reject(new Error('api: exit code 1'))],
    ['answers nothing', () => undefined],
    ['answers no status', () => ({ body: 'ok' })],
    ['answers what is no body', () => ({ statusCode: 200, body: { a: 1 } })],
    ['answers a status that is none', () => ({ statusCode: 7 })],
  ])('is 503 in the one shape of errors when the function %s', async (_, behaviour) => {
    invoke = behaviour;
    const response = await call('/v1/search', { method: 'POST', body: 'x' });
    expect(response.status).toBe(503);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toMatchObject({ status: 503, code: 'UNAVAILABLE', retryable: true });
    expect(JSON.stringify(problem)).not.toContain('exit code');
    expect(trouble).toHaveLength(1);
  });
});

describe('a gateway for strangers', () => {
  const { keys, issued } = issueKey([], { name: 'test', scopes: ['read'] }, new Date());
  const team = issueKey(keys, { name: 'team', scopes: ['read'], collections: ['team'] }, new Date());
  const writer = issueKey(team.keys, { name: 'writer', scopes: ['write'] }, new Date());
  let open: LoopbackServer;
  beforeEach(async () => {
    open = gateway;
    const authenticator = createSigV4Authenticator({ keys: async () => writer.keys, now: Date.now });
    gateway = await start({ strangers: { host: '127.0.0.1', authenticator } });
  });
  afterEach(() => open.close());

  const signed = async (path: string, key: AccessKey = issued, more: Partial<Signing> = {}) =>
    fetch(await signedRequest(gateway.url + path, { key, ...more }));

  it.each(['/', '/v1/people', '/status', '/events', '/docs'])(
    'refuses %s without a signature, and the function is not asked',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        const response = await call(path, { method });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ code: 'UNAUTHENTICATED' });
      }
      expect(events).toEqual([]);
    },
  );

  it('refuses a call of Rekognition as its clients expect it', async () => {
    const response = await call('/', {
      method: 'POST',
      headers: { 'x-amz-target': 'RekognitionService.ListCollections' },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });

  it('refuses what no signature can be of before its body has come', async () => {
    const head = 'POST /v1/search HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\n';
    expect(await untilClosed(head)).toMatch(/^HTTP\/1.1 401 /);
  });

  it('hands a signed request to the function, which is told of nobody who let it in', async () => {
    expect((await signed('/v1/search?collection=main', issued, { method: 'POST', body: 'hello' })).status).toBe(200);
    expect(events[0]).toMatchObject({ rawPath: '/v1/search', requestContext: { apiId: 'local' } });
    expect(events[0]!.requestContext).not.toHaveProperty('authorizer');
    expect(bodyOf(events[0]!).toString()).toBe('hello');
  });

  it('is the only one that does not let callers in by itself', async () => {
    await fetch(`${open.url}/v1/people`);
    expect(events[0]!.requestContext).toHaveProperty('authorizer');
  });

  it('tells what waits to a key for all collections that may read', async () => {
    expect(await (await signed('/status')).json()).toEqual({ waiting: 3, deadLetters: [] });
    expect((await signed('/status', team.issued)).status).toBe(403);
    expect((await signed('/status', writer.issued)).status).toBe(403);
    expect((await signed('/events', team.issued)).status).toBe(403);
    expect((await signed('/status', { ...issued, secret: 'x'.repeat(40) })).status).toBe(401);
  });

  it('lets such a key follow the events', async () => {
    const response = await signed('/events');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await response.body!.cancel();
  });

  it('refuses a body that is too large before it has come, or as soon as it is', async () => {
    const request = await signedRequest(`${gateway.url}/v1/search`, {
      key: issued,
      method: 'POST',
      body: 'x'.repeat(10),
    });
    const lines = [...request.headers].map(([name, value]) => `${name}: ${value}`);
    const head = ['POST /v1/search HTTP/1.1', ...lines].join('\r\n');
    expect(await untilClosed(`${head}\r\ncontent-length: ${maxBodyBytes + 1}\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    const chunk = `${(maxBodyBytes + 1).toString(16)}\r\n${'x'.repeat(maxBodyBytes + 1)}`;
    expect(await untilClosed(`${head}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`)).toMatch(/^HTTP\/1.1 413 /);
    expect(events).toEqual([]);
  });

  it('refuses bodies while too many are under way, and takes them again afterwards', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    invoke = async () => {
      await answered;
      return { statusCode: 200 };
    };
    const body = () => ({ method: 'POST', body: randomBytes(maxBodyBytes) });
    const first = Array.from({ length: 4 }, () => signed('/v1/search', issued, body()));
    await until(() => expect(events).toHaveLength(4));

    const refused = await signed('/v1/search', issued, body());
    answer();

    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await signed('/v1/search', issued, body())).status).toBe(200);
  });

  it('cuts off who takes more than ten seconds for the headers', async () => {
    const started = performance.now();
    expect(await untilClosed('GET /v1/people HTTP/1.1\r\nhost: localhost\r\n')).toMatch(/^HTTP\/1.1 408 /);
    // Node's own patience would be a minute.
    expect(performance.now() - started).toBeLessThan(50_000);
  });

  /** Sends bytes and no more; answers what comes until the other side closes. */
  function untilClosed(bytes: string): Promise<string> {
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(bytes);
    return text(socket);
  }
});

describe('GET /status', () => {
  it('tells what waits, and does not ask the function', async () => {
    const response = await call('/status');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ waiting: 3, deadLetters: [] });
    expect(events).toEqual([]);
  });
});

describe('GET /events', () => {
  const envelope = (id: string) =>
    ({ version: '0', id, 'detail-type': 'Image Indexed', detail: { name: `${id} 王` } }) as unknown as EventEnvelope;

  /** Listens, and answers what has come: so many events, with their ids on the stream. */
  async function listen(path = '/events', headers: Record<string, string> = {}) {
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const response = await call(path, { headers, signal: stop.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let received = '';
    return {
      async next(count: number): Promise<{ id: string; event: string; data: EventEnvelope }[]> {
        const whole = () => received.split('\n\n').slice(0, -1);
        const blocks = () => whole().filter((block) => block.startsWith('id: '));
        while (blocks().length < count) {
          const { value, done } = await reader.read();
          if (done) throw new Error('the stream ended');
          received += value;
        }
        const found = blocks().map((block) => /^id: (.+)\nevent: (.+)\ndata: (.+)$/.exec(block)!);
        return found.map(([, id, event, data]) => ({ id: id!, event: event!, data: JSON.parse(data!) }));
      },
      async end(): Promise<string> {
        for (let read = await reader.read(); !read.done; read = await reader.read()) received += read.value;
        return received;
      },
    };
  }

  /** A log of 500 events of 128 KiB, far more than sockets hold; counts those that were read of it. */
  function manyEvents(): { readonly read: number } {
    const counted = { read: 0 };
    vi.spyOn(log, 'follow').mockImplementation(async function* (_, signal) {
      for (; counted.read < 500 && !signal.aborted; counted.read++) {
        yield { position: counted.read, event: envelope('x'.repeat(64 * 1024)) };
      }
    });
    return counted;
  }

  it('tells what happens from now on', async () => {
    await log.append([envelope('past')]);
    const listener = await listen();
    await log.append([envelope('one'), envelope('two')]);
    expect(await listener.next(2)).toEqual([
      { id: expect.any(String), event: 'Image Indexed', data: envelope('one') },
      { id: expect.any(String), event: 'Image Indexed', data: envelope('two') },
    ]);
  });

  it('begins with the first there ever was when it is told ?after=0', async () => {
    await log.append([envelope('one'), envelope('two')]);
    const listener = await listen('/events?after=0');
    await log.append([envelope('three')]);
    expect((await listener.next(3)).map(({ data }) => data.id)).toEqual(['one', 'two', 'three']);
  });

  it('goes on after the event that a listener had last, by its header or in the query', async () => {
    await log.append([envelope('one'), envelope('two'), envelope('three')]);
    const [one, two] = await (await listen('/events?after=0')).next(3);
    const byHeader = await listen('/events', { 'last-event-id': one!.id });
    expect((await byHeader.next(2)).map(({ data }) => data.id)).toEqual(['two', 'three']);
    const byQuery = await listen(`/events?after=${two!.id}`);
    expect((await byQuery.next(1)).map(({ data }) => data.id)).toEqual(['three']);
    const reconnected = await listen(`/events?after=0`, { 'last-event-id': two!.id });
    expect((await reconnected.next(1)).map(({ data }) => data.id)).toEqual(['three']);
  });

  it.each(['nonsense', '-1', '3', '1e9', ''])(
    'begins at the beginning after a place that is none: "%s"',
    async (id) => {
      await log.append([envelope('one')]);
      expect((await (await listen(`/events?after=${id}`)).next(1))[0]!.data.id).toBe('one');
    },
  );

  it('reads no more of the log than a listener takes', async () => {
    const followed = manyEvents();
    const socket = connect(gateway.port, '127.0.0.1');
    socket.pause();
    socket.write('GET /events?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await until(() => expect(followed.read).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(followed.read).toBeLessThan(350);

    socket.resume();
    await until(() => expect(followed.read).toBe(500));
    socket.destroy();
  });

  it('ends a listener that takes nothing, too, when it closes', async () => {
    const followed = manyEvents();
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    socket.write('GET /events?after=0 HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await until(() => expect(followed.read).toBeGreaterThan(0));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await gateway.close();
    expect(trouble).toEqual([]);
    socket.destroy();
  });

  it('ends its listeners when it closes', async () => {
    const listener = await listen();
    const ended = listener.end();
    await gateway.close();
    expect(await ended).toContain(': listening');
  });
});

describe('a port', () => {
  it('that is taken is refused with what to do', async () => {
    const again = start({ port: gateway.port });
    await expect(again).rejects.toThrow(ConfigError);
    await expect(again).rejects.toThrow(/choose another port/);
  });
});
