import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { adoptModels } from '../../../layers/models/adopt.ts';
import { modelsCache, modelsFolder } from '../../../lib/config.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'facenet-adopt-'));
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.stubEnv('FACENET_MODELS', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(home, { recursive: true });
});

/** Puts files into a folder of the cache, with their own name and the folder's in them. */
async function made(edition: string, ...names: string[]): Promise<void> {
  const folder = join(modelsCache(), edition);
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, name), `${edition}/${name}`);
}

const read = (name: string) => readFile(join(modelsFolder(), name), 'utf8');

describe('the folder of a new version', () => {
  it('begins with the newest that other versions have made, and with what lay in the cache before there were any', async () => {
    await made('.', 'mine.json', 'mine.onnx', 'a.json', 'notes.txt');
    await made('older', 'a.json', 'a.onnx', 'taught.json', 'taught.onnx');
    await made('newer', 'a.json', 'a.onnx');
    await made('.making-b', 'b.json');
    await utimes(join(modelsCache(), 'older'), 1, 1);

    await adoptModels(modelsFolder());

    const names = ['a.json', 'a.onnx', 'mine.json', 'mine.onnx', 'taught.json', 'taught.onnx'];
    expect((await readdir(modelsFolder())).sort()).toEqual(names);
    expect(await read('a.onnx')).toBe('newer/a.onnx');
    expect(await read('taught.json')).toBe('older/taught.json');
    expect(await read('mine.onnx')).toBe('./mine.onnx');
    expect((await readdir(modelsCache())).filter((name) => name.startsWith('.making-'))).toEqual(['.making-b']);
  });

  it('shares no card with them, which can be written to', async () => {
    await made('older', 'a.json', 'a.onnx');
    await adoptModels(modelsFolder());
    const nodes = async (name: string) => [
      (await stat(join(modelsFolder(), name))).ino,
      (await stat(join(modelsCache(), 'older', name))).ino,
    ];
    const [card, graph] = [await nodes('a.json'), await nodes('a.onnx')];
    expect(card[0]).not.toBe(card[1]);
    expect(graph[0]).toBe(graph[1]);
  });

  it('stays as it is when it is there', async () => {
    await made('older', 'a.json');
    await mkdir(modelsFolder(), { recursive: true });
    await adoptModels(modelsFolder());
    expect(await readdir(modelsFolder())).toEqual([]);
  });
});

it('leaves folders alone that a person chose', async () => {
  await made('older', 'a.json');
  await adoptModels(join(home, 'chosen'));
  expect(await readdir(home)).not.toContain('chosen');
});

it('lets two processes begin the folder at the same time', async () => {
  await made('older', 'a.json', 'a.onnx');
  await Promise.all([adoptModels(modelsFolder()), adoptModels(modelsFolder())]);
  expect((await readdir(modelsFolder())).sort()).toEqual(['a.json', 'a.onnx']);
  expect((await readdir(modelsCache())).filter((name) => name.startsWith('.making-'))).toEqual([]);
});
