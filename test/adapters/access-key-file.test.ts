import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKeyFile } from '../../lib/adapters/access-key-file.ts';
import { type AccessKey, issueKey, revokeKey } from '../../lib/core/access-keys.ts';

async function path(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'facenet-keys-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, 'new', 'keys.json');
}

const add = (name: string) => (keys: readonly AccessKey[]) =>
  issueKey(keys, { name, scopes: ['read'] }, new Date()).keys;

describe('a key file', () => {
  it('is made by the first key, readable by its owner alone, and found again', async () => {
    const file = await path();
    expect(await openKeyFile(file).read()).toEqual([]);

    await openKeyFile(file).change(add('one'));

    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await openKeyFile(file).read()).toMatchObject([{ name: 'one' }]);
  });

  it('loses no key when many are issued at once, and leaves nothing beside it', async () => {
    const file = await path();
    const names = Array.from({ length: 20 }, (_, n) => `key ${n}`);

    await Promise.all(names.map((name) => openKeyFile(file).change(add(name))));

    expect((await openKeyFile(file).read()).map(({ name }) => name).sort()).toEqual(names.sort());
    expect(await readdir(join(file, '..'))).toEqual(['keys.json']);
  });

  it('that others can read is refused, with what to do', async () => {
    const file = await path();
    const store = openKeyFile(file);
    await store.change(add('one'));
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      await chmod(file, mode);
      await expect(store.read()).rejects.toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
      await expect(store.change(add('two'))).rejects.toThrow(/chmod 600/);
    }
    await chmod(file, 0o600);
    expect(await store.read()).toHaveLength(1);
  });

  it('that is empty or damaged is refused, and stays as it is', async () => {
    const file = await path();
    await openKeyFile(file).change(add('one'));
    for (const text of ['', '{"keys":']) {
      await writeFile(file, text);
      await expect(openKeyFile(file).read()).rejects.toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
      await expect(openKeyFile(file).change(add('two'))).rejects.toThrow(/something else/);
      expect((await stat(file)).size).toBe(text.length);
    }
  });

  it('is read again as soon as somebody else has changed it', async () => {
    const file = await path();
    const reader = openKeyFile(file);
    await openKeyFile(file).change(add('one'));
    const [key] = await reader.read();

    await openKeyFile(file).change((keys) => revokeKey(keys, key!.id, new Date()));

    expect((await reader.read())[0]).not.toHaveProperty('secret');
  });

  it('says whom it waits for when a change was killed in the midst of it', async () => {
    const file = await path();
    await openKeyFile(file).change(add('one'));
    await writeFile(`${file}.lock`, '');

    await expect(openKeyFile(file).change(add('two'))).rejects.toThrow(/remove that file/);
    expect(await openKeyFile(file).read()).toHaveLength(1);
  });
});
