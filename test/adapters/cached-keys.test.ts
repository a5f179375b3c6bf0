import { expect, it, vi } from 'vitest';
import { cachedKeys, keysRemembered } from '../../lib/adapters/cached-keys.ts';
import { issueKey, revokeKey } from '../../lib/core/access-keys.ts';
import { UnavailableError } from '../../lib/core/errors.ts';

it('keys are read once a minute, so that a revoked one ends within it', async () => {
  let { keys, issued } = issueKey([], { name: 'test', scopes: ['read'] }, new Date());
  let now = 0;
  const read = vi.fn(async () => keys);
  const cached = cachedKeys({ read }, () => now);

  await Promise.all([cached(), cached()]);
  keys = revokeKey(keys, issued.id, new Date());
  now = keysRemembered - 1;
  expect((await cached())[0]).toHaveProperty('secret');
  now = keysRemembered;
  expect((await cached())[0]).not.toHaveProperty('secret');

  expect(read).toHaveBeenCalledTimes(2);
  expect(keysRemembered).toBeLessThanOrEqual(60_000);
});

it('keys that could not be read let nobody in by what was known before, and are read again by the next', async () => {
  let now = 0;
  const read = vi.fn(async () => []);
  const cached = cachedKeys({ read }, () => now);
  await cached();
  now = keysRemembered;
  read.mockRejectedValueOnce(new UnavailableError('away'));

  await expect(cached()).rejects.toThrow('away');
  await expect(cached()).resolves.toEqual([]);
});
