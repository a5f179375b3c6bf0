import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/core/errors.ts';
import { readBody, serveOnLoopback } from '../../local/loopback-server.ts';

const failed = () => {};

describe('a server on loopback', () => {
  it('waits at its close for what it answers', async () => {
    const server = await serveOnLoopback(
      async (_, response) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        response.end('whole');
      },
      { failed },
    );
    const answer = fetch(server.url).then((response) => response.text());
    await new Promise((resolve) => setTimeout(resolve, 100));

    await server.close();

    expect(await answer).toBe('whole');
  });

  it('does not wait for a client that never sends its body', async () => {
    const server = await serveOnLoopback(async (request) => void (await readBody(request, 100)), { failed });
    const client = connect(server.port, '127.0.0.1');
    client.on('error', failed);
    client.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n');
    await once(client, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = performance.now();

    await server.close();

    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('says which port is taken', async () => {
    const server = await serveOnLoopback(async () => {}, { failed });

    const second = serveOnLoopback(async () => {}, { port: server.port, failed });

    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(String(server.port));
    await server.close();
  });
});
