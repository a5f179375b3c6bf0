import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Api, json } from './api.ts';

let api: Api;
beforeEach(() => {
  api = new Api();
});

describe('GET /photos', () => {
  it('says where each photo is on its way', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40', 'photos/broken.jpg': '!' });
    await api.pipeline.detect(api.pipeline.put('photos/new.jpg', '10@40'));

    expect(await api.ask('GET', '/v1/photos')).toMatchObject({
      photos: [
        { key: 'people/alice/1.jpg', status: 'enrolled', person: 'alice', width: 60, height: 60 },
        { key: 'photos/broken.jpg', status: 'rejected', rejection: { code: 'CORRUPT_IMAGE' } },
        { key: 'photos/new.jpg', status: 'embedding', faceIds: [expect.any(String)] },
      ],
    });
  });
});

describe('DELETE /photos/{key}', () => {
  it('forgets a photo and its faces', async () => {
    await api.put({ 'photos/a.jpg': '10@40', 'photos/b.jpg': '90@40' });
    expect(await api.ask('DELETE', '/v1/photos/photos/a.jpg')).toEqual({ photos: 1 });
    expect([...api.pipeline.store.objects.keys()]).toEqual(['photos/b.jpg']);
    expect(await api.ask('GET', '/v1/faces')).toMatchObject({ faces: [{ key: 'photos/b.jpg' }] });
    await api.fail('PHOTO_NOT_FOUND', 'DELETE', '/v1/photos/photos/a.jpg');
  });

  it('does not go through all keys that begin like one that is not there', async () => {
    await api.put({ 'photos/a1.jpg': '10@40', 'photos/a2.jpg': '90@40' });
    let listed = 0;
    const { store } = api.pipeline;
    const list = store.list.bind(store);
    store.list = async function* (bucket, prefix) {
      for await (const key of list(bucket, prefix)) {
        listed++;
        yield key;
      }
    };
    await api.fail('PHOTO_NOT_FOUND', 'DELETE', '/v1/photos/photos/a');
    expect(listed).toBe(1);
  });

  it.each(['a.jpg', 'photos/', 'other/a.jpg', 'people'])('refuses %s, which is no key of a photo', async (key) => {
    await api.put({ 'photos/a.jpg': '10@40' });
    await api.fail('INVALID_REQUEST', 'DELETE', `/v1/photos/${key}`);
    await api.fail('INVALID_REQUEST', 'DELETE', `/v1/photos?key=${encodeURIComponent(key)}`);
  });

  it('forgets exactly the photo that is named, whatever the name, however it is encoded', async () => {
    const characters = fc.constantFrom(...'aB0 +%?#&="\'/\\<>|*:;,~.é山👩‍\n\t\u0001', '%20', '%2F', '//');
    const name = fc.string({ unit: characters, minLength: 1, maxLength: 12 }).filter((text) => !text.endsWith('/'));
    const isDots = (segment: string) => /^\.{1,2}$/.test(segment);
    const ways = fc.constantFrom(
      (key: string) => `/v1/photos/${encodeURIComponent(key)}`,
      (key: string) => `/v1/photos?key=${encodeURIComponent(key)}`,
      (key: string) => `/v1/photos?${new URLSearchParams({ key })}`,
      (key: string) =>
        `/v1/photos/${key.split('/').some(isDots) ? encodeURIComponent(key) : key.split('/').map(encodeURIComponent).join('/')}`,
    );
    await fc.assert(
      fc.asyncProperty(name, ways, async (text, pathOf) => {
        const key = `photos/${text}`;
        const others = ['photos/other.jpg', `${key}.jpg`, `photos/ ${text}`];
        const { objects } = api.pipeline.store;
        objects.clear();
        for (const stored of [key, ...others]) api.pipeline.store.put(stored, Buffer.from('10@40'));

        await api.ask('DELETE', pathOf(key));

        expect([...objects.keys()]).toEqual(others);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['photos/50% off.jpg', 'photos/ü %zz.jpg'])('takes %s unencoded', async (key) => {
    await api.put({ [key]: '10@40' });
    expect(await api.ask('DELETE', `/v1/photos/${key}`)).toEqual({ photos: 1 });
  });
});

describe('GET /photos/{key}', () => {
  it('says where one photo is on its way', async () => {
    await api.put({ 'people/Ann Lee/1.jpg': '10@40' });
    const photo = { key: 'people/Ann Lee/1.jpg', status: 'enrolled', person: 'Ann Lee' };
    expect(await api.ask('GET', '/v1/photos/people/Ann%20Lee/1.jpg')).toMatchObject(photo);
    expect(await api.ask('GET', '/v1/photos?key=people/Ann+Lee/1.jpg')).toMatchObject({ photos: [photo] });
  });

  it('says when nothing is known of it', async () => {
    await api.put({ 'photos/a.jpg': '10@40' });
    await api.ask('DELETE', '/v1/photos/photos/a.jpg');
    for (const key of ['photos/a.jpg', 'photos/b.jpg']) {
      await api.fail('PHOTO_NOT_FOUND', 'GET', `/v1/photos/${key}`);
      expect(await api.ask('GET', `/v1/photos?key=${key}`)).toEqual({ photos: [] });
    }
  });

  it('lists no photo of another collection than is asked for', async () => {
    await api.put({ 'collections/team/photos/a.jpg': '10@40' });
    const path = '/v1/photos?key=collections/team/photos/a.jpg';
    expect(await api.ask('GET', path)).toEqual({ photos: [] });
    expect(await api.ask('GET', `${path}&collection=team`)).toMatchObject({ photos: [{ collection: 'team' }] });
  });
});

describe('POST /uploads', () => {
  const ask = (input: object) => api.call('POST', '/v1/uploads', json(input));

  it.each([
    [{ person: 'Ann Lee', file: '1.jpg' }, 'people/Ann Lee/1.jpg'],
    [{ file: '2026/party.jpg' }, 'photos/2026/party.jpg'],
    [{ collection: 'team', person: 'bob', file: '1.jpg' }, 'collections/team/people/bob/1.jpg'],
    [{ collection: 'team', file: '1.jpg' }, 'collections/team/photos/1.jpg'],
  ])('answers an address for %j', async (input, key) => {
    const before = Date.now();
    const response = await ask({ ...input, bytes: 1_000_000 });
    const answer = (await response.json()) as { expiresAt: string };
    expect(response.status).toBe(201);
    expect(answer).toMatchObject({
      key,
      method: 'PUT',
      url: `https://photos.example/${encodeURI(key)}?seconds=900`,
      headers: { 'content-length': '1000000' },
    });
    const expiresAt = Date.parse(answer.expiresAt);
    expect(expiresAt - before).toBeGreaterThanOrEqual(900_000);
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(900_000);
  });

  it('chooses a name of its own where none is given', async () => {
    const keys = await Promise.all(
      [1, 2].map(async () => ((await (await ask({ bytes: 1 })).json()) as { key: string }).key),
    );
    for (const key of keys) expect(key).toMatch(/^photos\/[0-9a-f-]{36}$/);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it.each([
    ['IMAGE_TOO_LARGE', { bytes: 1_000_001 }],
    ['INVALID_REQUEST', { bytes: 0 }],
    ['INVALID_REQUEST', {}],
    ['INVALID_REQUEST', { bytes: 1, file: 'folder/' }],
    ['INVALID_REQUEST', { bytes: 1, file: 'x'.repeat(1018) }],
    ['INVALID_REQUEST', { bytes: 1, person: 'a/b' }],
    ['INVALID_REQUEST', { bytes: 1, collection: 'a/photos' }],
    ['INVALID_REQUEST', { bytes: 1, key: 'other/x' }],
  ] as const)('refuses with %s: %j', async (code, input) => {
    await api.fail(code, 'POST', '/v1/uploads', json(input));
  });
});
