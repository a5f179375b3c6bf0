import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

/** What a service answers: its status, the JSON of its body, and headers. `hang` answers never. */
export type Answer = { readonly status: number; readonly body: object } | 'hang';

export interface StubService {
  readonly url: string;
  /** The bodies of the calls that came. */
  readonly calls: string[];
}

/** A service on loopback that speaks AWS's JSON protocol and answers what a test says, the last answer again and again. Gone when the test ends. */
export async function startStubService(...answers: readonly Answer[]): Promise<StubService> {
  const calls: string[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const answer = answers[Math.min(calls.push(await text(request)), answers.length) - 1]!;
    if (answer === 'hang') return;
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(answer.body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}
