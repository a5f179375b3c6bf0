import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '../lib/core/errors.ts';

/** The only address that the embedded stack listens on. */
export const loopback = '127.0.0.1';

/** Milliseconds that clients have at a close to finish what they are sending and to take their answers. */
const graceMillis = 2000;

/** Longer than any client here keeps an idle connection: else one that a busy machine delays sends a request into a connection that is just being closed. */
const keepAliveMillis = 75_000;

/** A server that other processes of this machine can reach, and nobody else. */
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

/**
 * Serves HTTP on loopback. A handler that throws breaks the connection off.
 * @throws ConfigError when the port is taken
 */
export async function serveOnLoopback(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  { port, failed }: LoopbackOptions,
): Promise<LoopbackServer> {
  const serving = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    const served = handle(request, response)
      .catch((error: unknown) => {
        if (!response.destroyed) failed(error);
        response.destroy();
      })
      .finally(() => serving.delete(served));
    serving.add(served);
  });
  server.keepAliveTimeout = keepAliveMillis;
  const address = await listenOnLoopback(server, port);
  const close = async () => {
    server.close();
    const grace = setTimeout(() => server.closeAllConnections(), graceMillis);
    await Promise.all(serving);
    clearTimeout(grace);
    server.closeAllConnections();
  };
  return { ...address, close };
}

/** @throws ConfigError when the port is taken */
export async function listenOnLoopback(server: Server, port = 0): Promise<Pick<LoopbackServer, 'url' | 'port'>> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? taken(port, cause) : cause),
    );
    server.listen(port, loopback, resolve);
  });
  const listening = (server.address() as AddressInfo).port;
  return { port: listening, url: `http://${loopback}:${listening}` };
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

function taken(port: number, cause: Error): ConfigError {
  return new ConfigError(
    `Expected port ${port} to be free, but another process listens on it. Stop that process, or choose another port.`,
    { cause },
  );
}
