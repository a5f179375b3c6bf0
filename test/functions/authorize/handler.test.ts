import { createHash } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { variable } from '../../../lib/config.ts';
import { ConfigError } from '../../../lib/core/errors.ts';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

const hash = (key: string) => createHash('sha256').update(key).digest('hex');

async function authorizer(...keys: readonly string[]) {
  vi.stubEnv(variable.apiKeyHashes, keys.map(hash).join(','));
  const { handler } = await import('../../../functions/authorize/handler.ts');
  return (headers: Record<string, string>) => handler({ headers });
}

it('lets in whoever shows a key that was issued', async () => {
  const ask = await authorizer('first', 'second');

  expect(await ask({ 'x-api-key': 'first' })).toEqual({ isAuthorized: true });
  expect(await ask({ 'x-api-key': 'second' })).toEqual({ isAuthorized: true });
});

it.each([{ 'x-api-key': 'third' }, { 'x-api-key': '' }, { 'x-api-key': hash('first') }, {}])(
  'keeps out %j',
  async (headers) => {
    const ask = await authorizer('first');

    expect(await ask(headers as Record<string, string>)).toEqual({ isAuthorized: false });
  },
);

it('does not start without keys', async () => {
  vi.stubEnv(variable.apiKeyHashes, '');

  await expect(import('../../../functions/authorize/handler.ts')).rejects.toBeInstanceOf(Error);
  await expect(import('../../../functions/authorize/handler.ts')).rejects.toMatchObject({
    code: new ConfigError('').code,
  });
});
