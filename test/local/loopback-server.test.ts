import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/core/errors.ts';
import { readBody, serveOnLoopback, serveStrangers } from '../../local/loopback-server.ts';
import { until } from '../until.ts';

const failed = () => {};

describe('a server on loopback', () => {
  it('waits at its close for what it answers', async () => {
    const steps = new EventEmitter();
    const asked = once(steps, 'asked');
    const server = await serveOnLoopback(
      async (_, response) => {
        steps.emit('asked');
        await once(steps, 'closing');
        response.end('whole');
      },
      { failed },
    );
    const answer = fetch(server.url).then((response) => response.text());
    await asked;

    const closed = server.close();
    steps.emit('closing');

    await closed;
    expect(await answer).toBe('whole');
  });

  it('does not wait for a client that never sends its body', async () => {
    const steps = new EventEmitter();
    const asked = once(steps, 'asked');
    const server = await serveOnLoopback(
      async (request) => {
        steps.emit('asked');
        await readBody(request, 100);
      },
      { failed },
    );
    const client = connect(server.port, '127.0.0.1');
    client.on('error', failed);
    client.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\n');
    await asked;
    const started = performance.now();

    await server.close();

    // Node's own patience would be five minutes.
    expect(performance.now() - started).toBeLessThan(60_000);
  });

  it.each([
    ['127.0.0.1', 200],
    ['localhost:8400', 200],
    ['[::1]:8400', 200],
    ['host.docker.internal:8400', 200],
    ['faces.example', 421],
    ['127.0.0.1.faces.example:8400', 421],
    ['localhost.faces.example', 421],
    ['a b', 421],
  ])('is not reached by a name that somebody else let lead here: %s', async (host, status) => {
    const server = await serveOnLoopback(async (_, response) => void response.end('found'), { failed });
    const client = connect(server.port, '127.0.0.1');
    client.end(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);

    const answer = await text(client);

    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(answer.includes('found')).toBe(status === 200);
    await server.close();
  });

  it('says which port is taken', async () => {
    const server = await serveOnLoopback(async () => {}, { failed });

    const second = serveOnLoopback(async () => {}, { port: server.port, failed });

    await expect(second).rejects.toThrow(ConfigError);
    await expect(second).rejects.toThrow(String(server.port));
    await server.close();
  });
});

describe('a server for strangers', () => {
  const serve = (host: string) => serveStrangers(async (_, response) => void response.end('ok'), { host, failed });

  it('has no more connections than it bears, and takes others when some have gone', async () => {
    const server = await serve('127.0.0.1');
    const open = () => {
      const client = connect(server.port, '127.0.0.1');
      client.on('error', failed);
      return client;
    };
    const held = Array.from({ length: 256 }, open);
    await Promise.all(held.map((client) => once(client, 'connect')));

    await once(open().resume(), 'close');
    for (const client of held.slice(0, 10)) client.destroy();

    await until(async () => expect(await (await fetch(server.url)).text()).toBe('ok'));
    for (const client of held) client.destroy();
    await server.close();
  });

  it('says which address is none of this machine', async () => {
    await expect(serve('192.0.2.1')).rejects.toThrow(ConfigError);
    await expect(serve('192.0.2.1')).rejects.toThrow('192.0.2.1');
  });
});
