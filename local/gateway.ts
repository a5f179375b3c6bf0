import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { createFailedApp, requestTooLarge } from '../functions/match/http/app.ts';
import type { RequestEvent } from '../functions/match/http/request-event.ts';
import { UnavailableError } from '../lib/core/errors.ts';
import { account } from './clients.ts';
import type { EventLog } from './event-log.ts';
import { type LoopbackServer, readBody, serveOnLoopback } from './loopback-server.ts';

export interface GatewayOptions {
  readonly port?: number;
  /** Runs the API's function. */
  readonly invoke: (event: RequestEvent) => Promise<unknown>;
  readonly log: EventLog;
  /** What `GET /status` answers. */
  readonly status: () => Promise<object>;
  /** Bytes of a body; a larger one is refused. */
  readonly maxBodyBytes: number;
  readonly failed: (error: unknown) => void;
}

const resultSchema = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/** Milliseconds between lines that keep a connection of a listener alive. */
const heartbeat = 15_000;

/**
 * Serves the HTTP API on loopback, as API Gateway does: each request is an event (payload format 2.0) for the function. Two paths are this machine's own:
 * `GET /events` follows the bus (server-sent events), `GET /status` tells what waits and what was parked.
 * @throws ConfigError when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<LoopbackServer> {
  const { port, failed, log, status } = options;
  const stop = new AbortController();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    // Not as a relative URL: a path that begins with two slashes would be taken for a host.
    const url = new URL(`http://gateway${request.url}`);
    if (request.method === 'GET' && url.pathname === '/events')
      return streamEvents(request, response, { url, log, stop: stop.signal });
    if (request.method === 'GET' && url.pathname === '/status') {
      return answer(response, 200, { 'content-type': 'application/json' }, JSON.stringify(await status()));
    }
    return callFunction(request, response, url, options);
  };
  const server = await serveOnLoopback(serve, { port, failed });
  const close = () => {
    stop.abort();
    return server.close();
  };
  return { ...server, close };
}

async function callFunction(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { invoke, maxBodyBytes, failed }: GatewayOptions,
): Promise<void> {
  const body = await readBody(request, maxBodyBytes);
  if (!body) return refuse(response, requestTooLarge(maxBodyBytes));
  try {
    const result = resultSchema.parse(await invoke(eventOf(request, url, body)));
    const { statusCode, headers, cookies, isBase64Encoded } = result;
    const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    const bytes = Buffer.from(result.body, isBase64Encoded ? 'base64' : 'utf8');
    answer(response, statusCode, { ...sent, ...(cookies.length > 0 && { 'set-cookie': cookies }) }, bytes);
  } catch (error) {
    failed(error);
    await refuse(response, new UnavailableError('The function of the API did not answer.', { cause: error }));
  }
}

/** Answers in the API's one shape of errors what the function was not asked, or could not say. */
async function refuse(response: ServerResponse, error: unknown): Promise<void> {
  const refusal = await createFailedApp(error).request('/');
  answer(response, refusal.status, Object.fromEntries(refusal.headers), await refusal.text());
}

function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string | string[]>>,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function eventOf(request: IncomingMessage, url: URL, body: Buffer): RequestEvent {
  const { 'set-cookie': _, cookie, ...received } = request.headers;
  const headers = Object.fromEntries(Object.entries(received).map(([name, value = '']) => [name, String(value)]));
  const now = new Date();
  const rawPath = decodedPath(url.pathname);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: url.search.slice(1),
    headers,
    ...(cookie && { cookies: cookie.split('; ') }),
    ...(url.search && { queryStringParameters: parametersOf(url.searchParams) }),
    requestContext: {
      accountId: account,
      apiId: 'local',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: now.toUTCString(),
      timeEpoch: now.getTime(),
    },
    body: body.length > 0 ? body.toString('base64') : null,
    isBase64Encoded: body.length > 0,
  } as unknown as RequestEvent;
}

/** API Gateway joins the values of a parameter that comes more than once. */
function parametersOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name).join(',')]));
}

/** API Gateway hands over a path decoded; one that cannot be decoded stays as it is, and names nothing. */
function decodedPath(pathname: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch (error) {
    if (error instanceof URIError) return pathname;
    throw error;
  }
}

/**
 * Sends events as they come. Without more it begins with the next one; `Last-Event-ID` or `?after=` continue after an earlier one, `?after=0` begins with
 * the first there ever was.
 */
async function streamEvents(
  request: IncomingMessage,
  response: ServerResponse,
  { url, log, stop }: { readonly url: URL; readonly log: EventLog; readonly stop: AbortSignal },
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stop]);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': listening\n\n');
  const alive = setInterval(() => response.write(':\n\n'), heartbeat);
  const after = request.headers['last-event-id'] ?? url.searchParams.get('after');
  try {
    for await (const { position, event } of log.follow(after === null ? log.end : Number(after), signal)) {
      response.write(`id: ${position}\nevent: ${event['detail-type']}\ndata: ${JSON.stringify(event)}\n\n`);
    }
  } finally {
    clearInterval(alive);
    response.end();
  }
}
