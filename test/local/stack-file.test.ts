import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../local/loopback-server.ts';
import { announceStack, findStack, type StackAddress, withdrawStack } from '../../local/stack-file.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'facenet-stack-file-'));
});
afterEach(() => rm(data, { recursive: true }));

/** What answers where the stack was. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  const { url } = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return url;
}

const serveStatus = (pid: number) => serve((_, response) => response.end(JSON.stringify({ pid, waiting: 0 })));

const address = (api: string, pid = process.pid): StackAddress => ({
  pid,
  api,
  s3: 'http://127.0.0.1:2',
  dynamodb: 'http://127.0.0.1:3',
  table: 'facenet',
  bucket: 'photos',
  folder: join(data, 'buckets/photos'),
});

describe('the stack of a data folder', () => {
  it('is found while it runs, and not after it said that it ends', async () => {
    expect(await findStack(data)).toBeUndefined();
    const running = address(await serveStatus(process.pid));
    await announceStack(data, running);
    expect(await findStack(data)).toEqual(running);
    await withdrawStack(data);
    expect(await findStack(data)).toBeUndefined();
  });

  it.each(['', '{"pid": 1', '{"pid": 1, "api": "http://127.0.0.1:9"}'])(
    'is not found in what does not name one: %s',
    async (text) => {
      await writeFile(join(data, 'stack.json'), text);
      expect(await findStack(data)).toBeUndefined();
    },
  );

  it('is not found in a folder that is not there', async () => {
    expect(await findStack(join(data, 'none'))).toBeUndefined();
  });

  it('is not found after its process died', async () => {
    const { pid } = spawnSync(process.execPath, ['--version']);
    await announceStack(data, address('http://127.0.0.1:9', pid));
    expect(await findStack(data)).toBeUndefined();
  });

  it('is not found when another process has its id by now', async () => {
    await announceStack(data, address('http://127.0.0.1:9'));
    expect(await findStack(data)).toBeUndefined();
  });

  it('is not taken for the stack of another folder that has its port by now', async () => {
    await announceStack(data, address(await serveStatus(process.pid + 1)));
    expect(await findStack(data)).toBeUndefined();
  });

  it('is not taken for another server that has its port by now', async () => {
    await announceStack(data, address(await serve((_, response) => response.end('<html>'))));
    expect(await findStack(data)).toBeUndefined();
  });
});
