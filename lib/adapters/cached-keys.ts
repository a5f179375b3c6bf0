import type { AccessKey, AccessKeyStore } from '../core/access-keys.ts';

/** Milliseconds for which a process goes by the keys that it has read: so long does a revoked one live, and so long does a new one wait. */
export const keysRemembered = 60_000;

/** Reads keys at most once a minute, however many ask. What could not be read is not remembered: the next one asks again, and nobody is let in by what was known before. */
export function cachedKeys(
  { read }: Pick<AccessKeyStore, 'read'>,
  now: () => number = Date.now,
): () => Promise<readonly AccessKey[]> {
  let known: { readonly since: number; readonly keys: Promise<readonly AccessKey[]> } | undefined;
  return () => {
    if (!known || now() - known.since >= keysRemembered) {
      const reading = { since: now(), keys: read() };
      known = reading;
      reading.keys.catch(() => {
        if (known === reading) known = undefined;
      });
    }
    return known.keys;
  };
}
