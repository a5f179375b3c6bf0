import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type AccessKey, type AccessKeyStore, readAccessKeys, writeAccessKeys } from '../core/access-keys.ts';
import { ConfigError } from '../core/errors.ts';
import { failedWith, statIfThere } from './files.ts';

/** Who may read and write the file: its owner, and nobody else. */
const ownerOnly = 0o600;
/** Milliseconds for which a change waits for another, in steps. */
const patience = { whole: 5000, step: 20 };

/**
 * Access keys in a file of this machine, which nobody but its owner may read. It is read again whenever it has changed, so that a key that was revoked ends
 * with the next request. Changes replace it whole, one after the other.
 */
export function openKeyFile(path: string): AccessKeyStore {
  let known: { readonly state: string; readonly keys: readonly AccessKey[] } | undefined;

  const read = async (): Promise<readonly AccessKey[]> => {
    const found = await statIfThere(path);
    if (!found) return [];
    // Windows keeps no such bits.
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
      throw new ConfigError(
        `Expected the key file ${path} to be its owner's alone (mode 600), found mode ${(found.mode & 0o777).toString(8)}. Others may have read the secrets: issue keys anew, or, if nobody has, chmod 600 ${path}`,
      );
    }
    const state = [found.ino, found.mtimeMs, found.ctimeMs, found.size].join();
    if (known?.state !== state) known = { state, keys: readAccessKeys(await readFile(path, 'utf8'), path) };
    return known.keys;
  };

  return {
    read,
    async change(edit) {
      await mkdir(dirname(path), { recursive: true });
      const release = await lock(`${path}.lock`);
      const whole = `${path}.${randomUUID()}`;
      try {
        const file = await open(whole, 'wx', ownerOnly);
        try {
          await file.writeFile(`${writeAccessKeys(edit(await read()))}\n`);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(whole, path);
      } finally {
        await rm(whole, { force: true });
        await release();
      }
    },
  };
}

async function lock(path: string): Promise<() => Promise<void>> {
  for (let waited = 0; ; waited += patience.step) {
    const file = await open(path, 'wx', ownerOnly).catch((error: unknown) => {
      if (!failedWith(error, 'EEXIST')) throw error;
      return undefined;
    });
    if (file) {
      await file.close();
      return () => rm(path, { force: true });
    }
    if (waited >= patience.whole) {
      throw new ConfigError(
        `Expected to change the keys alone, but ${path} says that somebody else is at it. If no \`facenet keys\` runs, one was killed: remove that file.`,
      );
    }
    await wait(patience.step);
  }
}
