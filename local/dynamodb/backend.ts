import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AttributeValue, TableDescription } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { listenOnLoopback } from '../loopback-server.ts';
import { DynamoDbError } from './errors.ts';

/** An item, or the key of one, as DynamoDB's wire protocol spells it. */
export type Item = Readonly<Record<string, AttributeValue>>;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Dynalite asks that there be a signature, and looks no further. */
const signed = {
  'content-type': 'application/x-amz-json-1.0',
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
  'x-amz-date': '20200101T000000Z',
};

/**
 * The DynamoDB that stands behind: dynalite on a folder, on a port of its own. It ends the process when a request breaks off, so nobody but this one speaks
 * to it, and only in requests that have arrived whole.
 */
export class Backend {
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  #url = '';

  constructor(path: string) {
    this.#server = dynalite({ path, createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
    containErrors(this.#server);
    // Its only client ends the connections. Ended here when they are idle, one could be just as a request goes into it.
    this.#server.keepAliveTimeout = 0;
  }

  async start(): Promise<void> {
    this.#url = (await listenOnLoopback(this.#server)).url;
  }

  /** Passes a request on as it is. */
  forward(headers: IncomingHttpHeaders, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { 'content-length': _, 'transfer-encoding': __, connection: ___, expect: ____, ...passed } = headers;
      const options = {
        method: 'POST',
        agent: this.#agent,
        headers: { ...passed, 'content-length': body.length },
      };
      const outgoing = request(this.#url, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('end', () => {
          const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = response.headers;
          resolve({ status: response.statusCode!, headers, body: Buffer.concat(chunks) });
        });
        response.once('error', reject);
      });
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  /** Asks for an operation in its own name; answers the output, or undefined when the table is not there. */
  async call<Output>(operation: string, input: object): Promise<Output | undefined> {
    const headers = { ...signed, 'x-amz-target': `DynamoDB_20120810.${operation}` };
    const { status, body } = await this.forward(headers, Buffer.from(JSON.stringify(input)));
    const output = JSON.parse(body.toString());
    if (status === 200) return output;
    if (errorCodeOf(output) === 'ResourceNotFoundException') return undefined;
    throw new Error(`Expected dynalite to do ${operation}, received ${body}.`);
  }

  /** How dynalite describes a table; undefined when it is not there. */
  async describe(table: string): Promise<TableDescription | undefined> {
    const output = await this.call<{ readonly Table: TableDescription }>('DescribeTable', { TableName: table });
    return output?.Table;
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    await new Promise<void>((resolve, reject) => this.#server.close((error) => (error ? reject(error) : resolve())));
  }
}

/** What dynalite does not foresee in a request, such as an attribute that is null, it throws in the listener of the request's end, which would end the process. */
function containErrors(server: Server): void {
  const listeners = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const emit = request.emit.bind(request) as (...event: unknown[]) => boolean;
    request.emit = (...event: unknown[]) => {
      try {
        return emit(...event);
      } catch {
        response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(JSON.stringify({ __type: 'com.amazon.coral.service#SerializationException' }));
        return true;
      }
    };
    for (const listener of listeners) listener(request, response);
  });
}

function errorCodeOf({ __type = '' }: { readonly __type?: string }): string {
  return __type.slice(__type.indexOf('#') + 1);
}

/** What to answer when the table is not there. */
export function noSuchTable(table: string): DynamoDbError {
  return new DynamoDbError('ResourceNotFoundException', `Requested resource not found: Table: ${table} not found`);
}
