import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** How a handler, or its loading, failed: what Lambda's runtime makes of the error. */
export interface RuntimeFailure {
  readonly errorType: string;
  readonly errorMessage: string;
}

export interface RuntimeApi {
  /** Host and port, as AWS_LAMBDA_RUNTIME_API has them. */
  readonly address: string;
  /** Hands an event to the runtime and waits for the answer. Rejects with a RuntimeFailure. */
  invoke(event: unknown): Promise<unknown>;
  close(): void;
}

interface Settle {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: RuntimeFailure) => void;
}

/** Seconds that a function may take for one event. */
const timeoutSeconds = 60;

/** Lambda's Runtime API (version 2018-06-01), as much of it as runs a handler: next, response, error and init/error. */
export async function startRuntimeApi(): Promise<RuntimeApi> {
  const events: { readonly id: string; readonly event: unknown }[] = [];
  const pending = new Map<string, Settle>();
  let idle: ServerResponse | undefined;
  const handOver = () => {
    if (!idle || events.length === 0) return;
    const { id, event } = events.shift()!;
    idle.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': id,
      'lambda-runtime-deadline-ms': Date.now() + timeoutSeconds * 1000,
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:us-east-1:000000000000:function:proof',
      'lambda-runtime-trace-id': 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
    });
    idle.end(JSON.stringify(event));
    idle = undefined;
  };
  const server = createServer(async (request, response) => {
    const [, , , kind, id = '', verb] = request.url!.split('/');
    if (request.method === 'GET') {
      idle = response;
      return handOver();
    }
    const body: unknown = await json(request);
    if (kind === 'init') for (const { reject } of pending.values()) reject(body as RuntimeFailure);
    else if (verb === 'response') pending.get(id)?.resolve(body);
    else pending.get(id)?.reject(body as RuntimeFailure);
    response.writeHead(202).end('{"status":"OK"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async invoke(event) {
      const id = randomUUID();
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        events.push({ id, event });
        handOver();
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
