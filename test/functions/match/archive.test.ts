import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { Api } from './api.ts';

let api: Api;
beforeEach(() => {
  api = new Api();
});

describe('GET /people', () => {
  it('lists who is enrolled, page by page', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40', 'people/bob/1.jpg': '90@40', 'people/carol/1.jpg': '200@40' });

    const first = await api.ask<{ people: unknown[]; next: string }>('GET', '/v1/people?limit=2');
    const second = await api.ask('GET', `/v1/people?limit=2&after=${encodeURIComponent(first.next)}`);

    expect(first.people).toMatchObject([{ person: 'alice', faceIds: [expect.any(String)] }, { person: 'bob' }]);
    expect(second).toEqual({ people: [expect.objectContaining({ person: 'carol', collection: 'main' })] });
  });

  it('keeps collections apart', async () => {
    await api.put({ 'collections/team/people/alice/1.jpg': '10@40' });
    expect(await api.ask('GET', '/v1/people')).toEqual({ people: [] });
    expect(await api.ask('GET', '/v1/people?collection=team')).toMatchObject({ people: [{ person: 'alice' }] });
  });
});

describe('GET /people/{person}', () => {
  it.each(['alice', 'Ann Lee', 'a+b', `O'Neil "Jo"`, '100%', 'a%20b', 'who?', '#1', 'Ægir', '山田', '👩‍🚀'])(
    'finds %s',
    async (person) => {
      await api.put({ [`people/${person}/1.jpg`]: '10@40' });
      expect(await api.ask('GET', `/v1/people/${encodeURIComponent(person)}`)).toMatchObject({ person });
    },
  );

  it('says when there is nobody of the name', async () => {
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/eve');
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/eve?collection=team');
  });
});

describe('GET /faces', () => {
  beforeEach(() => api.put({ 'people/alice/1.jpg': '10@40', 'photos/party.jpg': '12@30 120@40' }));

  it('lists all faces, enrolled or not, known or not', async () => {
    const { faces } = await api.ask<{ faces: Record<string, unknown>[] }>('GET', '/v1/faces');
    expect(faces).toHaveLength(3);
    expect(faces).toContainEqual(
      expect.objectContaining({ key: 'people/alice/1.jpg', role: 'person', person: 'alice' }),
    );
    const match = expect.objectContaining({ person: 'alice', distance: expect.any(Number) });
    expect(faces).toContainEqual(expect.objectContaining({ role: 'photo', person: 'alice', match }));
    expect(faces.filter((face) => !('person' in face))).toHaveLength(1);
  });

  it('lists the faces of a person, page by page', async () => {
    const first = await api.ask<{ faces: unknown[]; next: string }>('GET', '/v1/faces?person=alice&limit=1');
    const second = await api.ask<{ faces: unknown[] }>('GET', `/v1/faces?person=alice&limit=1&after=${first.next}`);
    expect([...first.faces, ...second.faces]).toHaveLength(2);
    expect(second).not.toHaveProperty('next');
  });
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

describe('a page', () => {
  it.each(['/v1/people', '/v1/faces', '/v1/photos'])('of %s has 1 to 1000 items', async (path) => {
    for (const limit of [1, 1000]) await api.ask('GET', `${path}?limit=${limit}`);
    for (const limit of ['0', '1001', '-1', '1.5', '', 'all', '1&limit=2']) {
      const { detail } = await api.fail('INVALID_REQUEST', 'GET', `${path}?limit=${limit}`);
      expect(detail).toContain('limit: expected a whole number from 1 to 1000, received');
    }
  });

  it.each(['/v1/people', '/v1/faces', '/v1/photos'])('of %s takes no parameter that it does not know', async (path) => {
    expect((await api.fail('INVALID_REQUEST', 'GET', `${path}?colection=team`)).detail).toContain('"colection"');
  });
});

describe('DELETE /people/{person}', () => {
  it('forgets the person and leaves the others', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40', 'people/alice/2.jpg': '11@40', 'people/bob/1.jpg': '90@40' });
    expect(await api.ask('DELETE', '/v1/people/alice')).toEqual({ photos: 2 });
    expect([...api.pipeline.store.objects.keys()]).toEqual(['people/bob/1.jpg']);
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/alice');
    await api.fail('PERSON_NOT_FOUND', 'DELETE', '/v1/people/alice');
  });

  it('does not take a folder of a person for another person', async () => {
    await api.put({ 'people/alice/bob/1.jpg': '10@40' });
    await api.fail('INVALID_REQUEST', 'DELETE', '/v1/people/alice%2Fbob');
    expect([...api.pipeline.store.objects.keys()]).toEqual(['people/alice/bob/1.jpg']);
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
