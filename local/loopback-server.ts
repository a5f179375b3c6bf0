import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../lib/core/errors.ts';

/** The address that the embedded stack listens on: no other machine reaches it. */
export const loopback = '127.0.0.1';

/** Whether a host, as a URL or a person names it, is this machine alone. */
export function isLoopback(host: string): boolean {
  return ['localhost', '::1', '[::1]'].includes(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Whether a URL leads to this machine by a name that is nobody else's to give. Pages of the web reach loopback too: they send forms to it unasked, and at a name
 * of their own that leads here (DNS rebinding) they read the answers.
 */
export function leadsHere(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return isLoopback(hostname) || hostname === fromContainers;
}

/** What containers of Docker Desktop call the machine that they are on. */
const fromContainers = 'host.docker.internal';

/** Milliseconds that clients have at a close to finish what they are sending and to take their answers. */
const graceMillis = 2000;

/** Longer than any client here keeps an idle connection: else one that a busy machine delays sends a request into a connection that is just being closed. */
const keepAliveMillis = 75_000;

/**
 * What a server bears of clients that nobody knows: milliseconds for the headers and for the whole of a request, and between two looks at them; milliseconds for an
 * idle connection; connections at once.
 */
const strangers = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 5_000,
  maxConnections: 256,
} as const;

/** A server that other processes of this machine can reach, and nobody else unless it was made for strangers. */
export interface LoopbackServer {
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, waits for those under way and ends all connections; those of clients that dawdle after 2 s. */
  close(): Promise<void>;
}

export interface LoopbackOptions {
  /** @default a free one */
  readonly port?: number | undefined;
  /** What a handler threw although its client still waits. */
  readonly failed: (error: unknown) => void;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Serves HTTP on loopback, at names of loopback alone. A handler that throws breaks the connection off.
 * @throws ConfigError when the port is taken
 */
export async function serveOnLoopback(handle: Handle, { port, failed }: LoopbackOptions): Promise<LoopbackServer> {
  const { server, close } = serverOf(async (request, response) => {
    if (leadsHere(`http://${request.headers.host}`)) return handle(request, response);
    response.writeHead(421, { 'content-type': 'text/plain', connection: 'close' });
    response.end(
      'Expected a call to localhost or 127.0.0.1, received one to another name that leads here. Call one of these.\n',
    );
  }, failed);
  server.keepAliveTimeout = keepAliveMillis;
  return { ...(await listenOnLoopback(server, port)), close };
}

/**
 * Serves HTTP to strangers, at an address of this machine: who is slow, or holds too many connections, is cut off.
 * @throws ConfigError when the port is taken, or the address is none of this machine's
 */
export async function serveStrangers(
  handle: Handle,
  { host, port, failed }: LoopbackOptions & { readonly host: string },
): Promise<LoopbackServer> {
  const { maxConnections, ...options } = strangers;
  const { server, close } = serverOf(handle, failed, options);
  server.maxConnections = maxConnections;
  return { ...(await listen(server, host, port)), close };
}

function serverOf(handle: Handle, failed: (error: unknown) => void, options: ServerOptions = {}) {
  const serving = new Set<Promise<void>>();
  const server = createServer(options, (request, response) => {
    const served = handle(request, response)
      .catch((error: unknown) => {
        if (!response.destroyed) failed(error);
        response.destroy();
      })
      .finally(() => serving.delete(served));
    serving.add(served);
  });
  const close = async () => {
    server.close();
    const grace = setTimeout(() => server.closeAllConnections(), graceMillis);
    await Promise.all(serving);
    clearTimeout(grace);
    server.closeAllConnections();
  };
  return { server, close };
}

/** @throws ConfigError when the port is taken */
export function listenOnLoopback(server: Server, port = 0): Promise<Pick<LoopbackServer, 'url' | 'port'>> {
  return listen(server, loopback, port);
}

async function listen(server: Server, host: string, port = 0): Promise<Pick<LoopbackServer, 'url' | 'port'>> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(unusable(host, port, cause)));
    server.listen(port, host, resolve);
  });
  const { port: listening, family } = server.address() as AddressInfo;
  return { port: listening, url: `http://${family === 'IPv6' ? `[${host}]` : host}:${listening}` };
}

/** Reads a request's body whole; undefined when it is larger than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length <= maxBytes ? Buffer.concat(chunks, length) : undefined;
}

function unusable(host: string, port: number, cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'EADDRINUSE') {
    return new ConfigError(
      `Expected port ${port} to be free, but another process listens on it. Stop that process, or choose another port: --port is the API's, --s3-port the bucket's.`,
      { cause },
    );
  }
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN'].includes(cause.code ?? '')) {
    return new ConfigError(
      `Expected an address of this machine, received ${host}. Name one of its own, or 0.0.0.0 for all of them.`,
      { cause },
    );
  }
  return cause;
}
