import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { failedWith } from '../../lib/adapters/files.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { type LoopbackServer, serveOnLoopback } from '../loopback-server.ts';
import { createBucket } from './buckets.ts';
import { ChangeLog } from './change-log.ts';
import { corsHeaders, expectWriterOfOurs, preflightResponse } from './cors.ts';
import { DataFiles } from './data-files.ts';
import { S3Error } from './errors.ts';
import { FolderSync } from './folder-sync.ts';
import { MultipartStore } from './multipart-store.ts';
import type { S3Event } from './notifications.ts';
import { ObjectIndex } from './object-index.ts';
import { ObjectStore } from './object-store.ts';
import type { S3Context } from './operation.ts';
import { Outbox } from './outbox.ts';
import { readRequest, type S3Request, type S3Response } from './request.ts';
import { operationOf } from './routes.ts';
import { type Credentials, isSigned, verifySignature } from './signature.ts';
import { TreeWatcher } from './tree-watcher.ts';
import { toXml } from './xml.ts';

const defaultCredentials: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
/** S3's largest object of one PUT, in bytes. */
const defaultMaxBytes = 5 * 1024 ** 3;
const defaultSettledMillis = 500;

/** What goes to the log: never a key, which can hold a person's name. */
export interface S3LogEntry {
  readonly level: 'debug' | 'error';
  readonly message: string;
  readonly requestId?: string;
  readonly method?: string;
  readonly status?: number;
  readonly millis?: number;
  readonly error?: unknown;
}

export interface S3Options {
  /** The folder of the buckets: `<root>/<bucket>/<key>` is the newest version of an object. */
  readonly root: string;
  /** Made when they are missing. */
  readonly buckets: readonly string[];
  /** Where everything else is kept: the index, older versions, unfinished uploads. @default `s3` beside the root */
  readonly state?: string;
  /** @default a free one */
  readonly port?: number;
  /** @default test and test, so that any client configured with them works */
  readonly credentials?: Credentials;
  /** Whether requests without a signature are served, as curl sends them. @default false; a presigned URL is signed */
  readonly anonymous?: boolean;
  /** Named in events. @default us-east-1 */
  readonly region?: string;
  /** Bytes of an object. @default 5 GiB */
  readonly maxObjectBytes?: number;
  /** Milliseconds for which a file put into the folder must have stayed as it is before it counts. @default 500 */
  readonly settledMillis?: number;
  /** Receives each change, one at a time and in order; again, also after a restart, until it does not throw. */
  readonly onChange?: (event: S3Event) => void | Promise<void>;
  readonly log?: (entry: S3LogEntry) => void;
}

export interface S3Server extends LoopbackServer {
  /** Resolves when everything was found that changed in the folder while the server was down. */
  readonly scanned: Promise<void>;
  /** Whether a change may not have been taken by `onChange` yet. */
  isDelivering(): boolean;
}

/**
 * Serves the folder as S3 does, to S3's own clients, on loopback: path style, Signature Version 4. A file that is copied into the folder, replaced or
 * removed by hand is an upload or a removal too. One process owns a folder; another that starts on it fails.
 */
export async function startS3(options: S3Options): Promise<S3Server> {
  const { root, state = join(resolve(root), '..', 's3'), region = 'us-east-1', log = () => {} } = options;
  const maxBytes = options.maxObjectBytes ?? defaultMaxBytes;
  const settled = options.settledMillis ?? defaultSettledMillis;
  const failed = (message: string) => (error: unknown) => log({ level: 'error', message, error });

  const files = await DataFiles.open(root, state);
  const index = new ObjectIndex(join(state, 'index'));
  const outbox = new Outbox(index, options.onChange ?? (() => {}), failed('an event was not taken; it comes again'));
  const changes = new ChangeLog(index, files, outbox, region);
  const store = new ObjectStore(index, files, changes, ({ path }) => watcher.touch(path));
  const sync = new FolderSync(store, settled, (path) => watcher.touch(path));
  const watcher: TreeWatcher = new TreeWatcher(
    files.absolute({ area: 'buckets', path: '' }),
    settled,
    (path) => sync.sync(path),
    failed('the folder could not be followed'),
  );
  const context: S3Context = { store, multipart: new MultipartStore(store, maxBytes), region, maxBytes };
  const service = new Service(context, options, log);
  const release = async () => {
    sync.close();
    await watcher.close();
    await outbox.close();
    await index.close();
  };
  try {
    await openIndex(index, root);
    await changes.recover();
    for (const name of options.buckets) await createBucket(store, name);
    await watcher.start();
    const serve = (message: IncomingMessage, response: ServerResponse) => service.serve(message, response);
    const server = await serveOnLoopback(serve, { port: options.port, failed: failed('a request failed') });
    const close = async () => {
      await server.close();
      await release();
    };
    return { ...server, scanned: watcher.look(''), isDelivering: () => outbox.isDelivering, close };
  } catch (error) {
    await release();
    throw error;
  }
}

/** @throws ConfigError when another process has the folder */
async function openIndex(index: ObjectIndex, root: string): Promise<void> {
  try {
    await index.open();
  } catch (error) {
    if (!(error instanceof Error && failedWith(error.cause, 'LEVEL_LOCKED'))) throw error;
    throw new ConfigError(
      `Expected the folder ${root} to be free, but another process serves it. Stop that process, or choose another folder.`,
      { cause: error },
    );
  }
}

/** Takes HTTP requests to operations, and their answers and errors back. */
class Service {
  readonly #context: S3Context;
  readonly #credentials: Credentials;
  readonly #anonymous: boolean;
  readonly #log: (entry: S3LogEntry) => void;

  constructor(context: S3Context, options: S3Options, log: (entry: S3LogEntry) => void) {
    this.#context = context;
    this.#credentials = options.credentials ?? defaultCredentials;
    this.#anonymous = options.anonymous ?? false;
    this.#log = log;
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = randomUUID();
    const started = performance.now();
    try {
      const { status, headers, body } = await this.#answer(message, id);
      const length = typeof body === 'string' && body !== '' ? String(Buffer.byteLength(body)) : undefined;
      response.writeHead(
        status,
        presentHeaders({ 'content-length': length, ...headers, 'x-amz-request-id': id, 'x-amz-id-2': id }),
      );
      if (typeof body === 'object') await pipeline(body, response);
      else response.end(message.method === 'HEAD' ? undefined : body);
    } catch (error) {
      // The client hung up, or a file broke off in the middle of an answer: nobody is left to be told.
      if (!message.destroyed) this.#log({ level: 'error', message: 'an answer broke off', requestId: id, error });
      response.destroy();
    }
    const millis = Math.round(performance.now() - started);
    this.#log({
      level: 'debug',
      message: 'request',
      requestId: id,
      method: message.method ?? '',
      status: response.statusCode,
      millis,
    });
  }

  async #answer(message: IncomingMessage, id: string): Promise<S3Response> {
    let cors: Record<string, string> = {};
    try {
      const request = readRequest(message, id);
      const rules = (request.bucket && (await this.#context.store.index.get('buckets', request.bucket))?.cors) || [];
      if (request.method === 'OPTIONS') return preflightResponse(request, rules);
      cors = corsHeaders(request, rules);
      expectWriterOfOurs(request, rules);
      const verified: S3Request = { ...request, ...(await this.#verify(request)) };
      const answer = await operationOf(verified)(verified, this.#context);
      return { ...answer, headers: { ...answer.headers, ...cors } };
    } catch (error) {
      if (message.destroyed && !message.complete) throw error;
      return errorResponse(this.#explained(error, id), message, id, cors);
    }
  }

  async #verify(request: Omit<S3Request, 'signer'>): Promise<Pick<S3Request, 'signer'>> {
    if (isSigned(request)) return { signer: await verifySignature(request, this.#credentials, Date.now()) };
    if (this.#anonymous) return {};
    throw new S3Error(
      'AccessDenied',
      "Expected a signed request or a presigned URL. Use an S3 client with this server's credentials.",
    );
  }

  #explained(error: unknown, requestId: string): S3Error {
    if (error instanceof S3Error) return error;
    this.#log({ level: 'error', message: 'a request failed', requestId, error });
    const message = failedWith(error, 'ENOSPC')
      ? 'Expected space on the disk that the bucket is on, found none left. Make some, then try again.'
      : 'We encountered an internal error. Please try again.';
    return new S3Error('InternalError', message, { cause: error });
  }
}

function errorResponse(error: S3Error, message: IncomingMessage, id: string, cors: Record<string, string>): S3Response {
  const headers = { ...cors, ...error.headers };
  if (error.status === 304) return { status: 304, headers };
  const document = {
    Code: error.code,
    Message: error.message,
    Resource: message.url?.split('?')[0],
    RequestId: id,
    HostId: id,
  };
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml', ...headers },
    body: toXml('Error', document, { xmlns: false }),
  };
}

function presentHeaders(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((pair): pair is [string, string] => pair[1] !== undefined));
}
