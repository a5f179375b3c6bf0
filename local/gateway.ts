import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { createFailedApp, requestTooLarge } from '../functions/match/http/app.ts';
import type { RequestEvent } from '../functions/match/http/request-event.ts';
import { type Authenticator, type Caller, expectScope, type SignedRequest } from '../lib/core/access.ts';
import { FacenetError, RequestError, UnavailableError } from '../lib/core/errors.ts';
import { BodyBudget } from './body-budget.ts';
import { account } from './clients.ts';
import type { EventLog } from './event-log.ts';
import { type LoopbackServer, leadsHere, readBody, serveOnLoopback, serveStrangers } from './loopback-server.ts';

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
  /** For callers of other machines: where they reach it, and who knows them. The function is told nothing of them and looks for itself. @default loopback, where everybody is let in */
  readonly strangers?: { readonly host: string; readonly authenticator: Authenticator } | undefined;
}

const resultSchema = z.object({
  statusCode: z.int(),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  cookies: z.array(z.string()).default([]),
  body: z.string().default(''),
  isBase64Encoded: z.boolean().default(false),
});

/** Milliseconds after which a stranger's stream of events ends, so that a key that was revoked meanwhile does too. `Last-Event-ID` goes on where it ended. */
const streamMillis = 60_000;

/** Milliseconds between lines that keep a connection of a listener alive. */
const heartbeat = 15_000;

/**
 * Serves the HTTP API as API Gateway does: each request is an event (payload format 2.0) for the function. Two paths are this machine's own:
 * `GET /events` follows the bus (server-sent events), `GET /status` tells what waits and what was parked.
 * Strangers sign all of their requests. What no signature can be of is refused before its body is read.
 * @throws ConfigError when the port is taken
 */
export async function startGateway(options: GatewayOptions): Promise<LoopbackServer> {
  const { port, failed, log, status, strangers } = options;
  const stop = new AbortController();
  const bodies = new BodyBudget(options.maxBodyBytes);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    // Not as a relative URL: a path that begins with two slashes would be taken for a host.
    const url = new URL(`http://gateway${request.url}`);
    const own = request.method === 'GET' && ['/events', '/status'].includes(url.pathname);
    try {
      const head = headOf(request, url);
      if (strangers) strangers.authenticator.expectClaim(head);
      else expectPageOfOurs(request);
      if (own && strangers) expectEverywhere(await strangers.authenticator.authenticate({ ...head, body: nothing }));
    } catch (error) {
      return refuse(request, response, error);
    }
    if (!own) return callFunction(request, response, url, options, bodies);
    if (url.pathname === '/status') {
      return answer(response, 200, { 'content-type': 'application/json' }, JSON.stringify(await status()));
    }
    const ends = strangers ? [stop.signal, AbortSignal.timeout(streamMillis)] : [stop.signal];
    return streamEvents(request, response, { url, log, ends });
  };
  const server = strangers
    ? await serveStrangers(serve, { host: strangers.host, port, failed })
    : await serveOnLoopback(serve, { port, failed });
  const close = () => {
    stop.abort();
    return server.close();
  };
  return { ...server, close };
}

const nothing = new Uint8Array();

function headOf(request: IncomingMessage, url: URL): Omit<SignedRequest, 'body'> {
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return { method: request.method ?? 'GET', path: decodedPath(url.pathname), query: url.searchParams, headers };
}

/** Who is let in unasked must not be sent by a page of the web. Programs have no origin. */
function expectPageOfOurs({ headers: { origin } }: IncomingMessage): void {
  if (origin === undefined || leadsHere(origin)) return;
  throw new RequestError(
    'FORBIDDEN',
    `Expected a call of a program or a page of this machine, received one of a page of ${origin}. Serve the page from localhost, or call the API from its server.`,
  );
}

/** What happens here is of all collections. */
function expectEverywhere(caller: Caller): void {
  expectScope(caller, 'read');
  if (!caller.collections) return;
  throw new RequestError(
    'FORBIDDEN',
    'Expected a key for all collections, as events and status are of all of them, received one for some. Ask the operator for another.',
  );
}

async function callFunction(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  { invoke, maxBodyBytes, failed, strangers }: GatewayOptions,
  bodies: BodyBudget,
): Promise<void> {
  const call = async (body: Buffer) => {
    try {
      const result = resultSchema.parse(await invoke(eventOf(request, url, body, strangers === undefined)));
      const { statusCode, headers, cookies, isBase64Encoded } = result;
      const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
      const bytes = Buffer.from(result.body, isBase64Encoded ? 'base64' : 'utf8');
      answer(response, statusCode, { ...sent, ...(cookies.length > 0 && { 'set-cookie': cookies }) }, bytes);
    } catch (error) {
      failed(error);
      await refuse(
        request,
        response,
        new UnavailableError('The function of the API did not answer.', { cause: error }),
      );
    }
  };
  if (!strangers) {
    const body = await readBody(request, maxBodyBytes);
    return body ? call(body) : refuse(request, response, requestTooLarge(maxBodyBytes));
  }
  try {
    await bodies.with(request, call);
  } catch (error) {
    if (!(error instanceof FacenetError)) throw error;
    await refuse(request, response, error);
  }
}

/** Answers as the protocol of the request has it what the function was not asked, or could not say. A body that was not read is not waited for. */
async function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): Promise<void> {
  const target = request.headers['x-amz-target'];
  const asked =
    request.method === 'POST' && target ? { method: 'POST', headers: { 'x-amz-target': String(target) } } : {};
  const refusal = await createFailedApp(error).request(asked.method ? (request.url ?? '/') : '/', asked);
  const headers = Object.fromEntries(refusal.headers);
  answer(
    response,
    refusal.status,
    { ...headers, ...(!request.complete && { connection: 'close' }) },
    await refusal.text(),
  );
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

/** @param isLetIn whether the gateway answers for the caller, as an authorizer would */
function eventOf(request: IncomingMessage, url: URL, body: Buffer, isLetIn: boolean): RequestEvent {
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
      ...(isLetIn && { authorizer: { lambda: { loopback: true } } }),
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

/** API Gateway joins the values of a parameter that comes more than once. Each name is looked up once, however often it comes. */
function parametersOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(Array.from(new Set(query.keys()), (name) => [name, query.getAll(name).join(',')]));
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
  { url, log, ends }: { readonly url: URL; readonly log: EventLog; readonly ends: readonly AbortSignal[] },
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, ...ends]);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  response.write(': listening\n\n');
  const alive = setInterval(() => response.write(':\n\n'), heartbeat);
  const after = request.headers['last-event-id'] ?? url.searchParams.get('after');
  try {
    for await (const { position, event } of log.follow(after === null ? log.end : Number(after), signal)) {
      const text = `id: ${position}\nevent: ${event['detail-type']}\ndata: ${JSON.stringify(event)}\n\n`;
      if (!response.write(text)) await drained(response, signal);
    }
  } finally {
    clearInterval(alive);
    response.end();
  }
}

/** Resolves when what was written is on its way, or the signal says that nobody waits for it: a listener that does not read must not fill the memory. */
async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  await once(response, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
