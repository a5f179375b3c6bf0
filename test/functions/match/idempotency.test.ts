import { beforeEach, describe, expect, it } from 'vitest';
import { Api, json, problemIn } from './api.ts';

let api: Api;
beforeEach(() => {
  api = new Api();
});

const once = (key: string, body: RequestInit = {}): RequestInit => ({
  ...body,
  headers: { ...(body.headers as Record<string, string>), 'idempotency-key': key },
});

describe('a write with an Idempotency-Key', () => {
  it('is done once and answered twice, which the second answer says', async () => {
    await api.put({ 'photos/a.jpg': '10@40' });

    const first = await api.call('DELETE', '/v1/photos/photos/a.jpg', once('k'));
    const second = await api.call('DELETE', '/v1/photos/photos/a.jpg', once('k'));

    expect([first.status, second.status]).toEqual([200, 200]);
    expect(await second.json()).toEqual(await first.json());
    expect(first.headers.has('idempotency-replayed')).toBe(false);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('cache-control')).toBe('no-store');
    await api.fail('PHOTO_NOT_FOUND', 'DELETE', '/v1/photos/photos/a.jpg', once('another'));
  });

  it.each([
    ['path', '/v1/photos/photos/b.jpg', {}],
    ['query', '/v1/photos?key=photos/a.jpg', {}],
    ['body', '/v1/photos/photos/a.jpg', { body: '{}' }],
    ['precondition', '/v1/photos/photos/a.jpg', { headers: { 'if-match': '"1"' } }],
  ])('is refused for a request with another %s', async (_, path, rest) => {
    await api.put({ 'photos/a.jpg': '10@40', 'photos/b.jpg': '10@40' });
    await api.ask('DELETE', '/v1/photos/photos/a.jpg', once('k'));
    await api.fail('IDEMPOTENCY_MISMATCH', 'DELETE', path, once('k', rest));
  });

  it('that failed can be tried again with the same key', async () => {
    await api.fail('PHOTO_NOT_FOUND', 'DELETE', '/v1/photos/photos/a.jpg', once('k'));
    await api.put({ 'photos/a.jpg': '10@40' });
    expect(await api.ask('DELETE', '/v1/photos/photos/a.jpg', once('k'))).toEqual({ photos: 1 });
  });

  it('that fails in here is logged once', async () => {
    api.pipeline.registry.getImage = async () => Promise.reject(new TypeError('secret'));
    await api.fail('INTERNAL', 'DELETE', '/v1/photos/photos/a.jpg', once('k'));
    expect(api.errors).toHaveLength(1);
  });

  it.each(['', 'a b', 'ü'.repeat(2), 'x'.repeat(256)])('is refused when the key is %j', async (key) => {
    const response = await api.app.request('/v1/uploads', {
      method: 'POST',
      ...once(encodeURIComponent(key) === key || key.includes(' ') ? key : 'ü', json({ bytes: 1 })),
    });
    expect((await problemIn(response, 'INVALID_REQUEST')).detail).toContain('idempotency-key: expected 1 to 255');
  });

  it('keeps the status and the body of what was made', async () => {
    const ask = () => api.call('POST', '/v1/uploads', once('k', json({ bytes: 1 })));
    const [first, second] = [await ask(), await ask()];
    expect(second.status).toBe(201);
    expect(await second.json()).toEqual(await first.json());
  });
});

it('a question of a photo is asked each time, as it changes nothing', async () => {
  const ask = async () => {
    const { headers } = await api.call('POST', '/v1/detect', once('k', json({ image: { bytes: 'MTBANDA=' } })));
    return headers.has('idempotency-replayed');
  };
  expect([await ask(), await ask()]).toEqual([false, false]);
});
