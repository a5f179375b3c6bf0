import { beforeEach, describe, expect, it } from 'vitest';
import { Api, form, inBase64, json, raw } from './api.ts';

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
    await api.fail('COLLECTION_NOT_FOUND', 'GET', '/v1/people/eve?collection=team');
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

  it('forgets somebody whose photo is still on its way', async () => {
    const change = api.pipeline.put('people/alice/1.jpg', '10@40');
    expect(await api.ask('DELETE', '/v1/people/alice')).toEqual({ photos: 1 });
    await api.pipeline.follow(change);
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/alice');
  });

  it('does not take a folder of a person for another person', async () => {
    await api.put({ 'people/alice/bob/1.jpg': '10@40' });
    await api.fail('INVALID_REQUEST', 'DELETE', '/v1/people/alice%2Fbob');
    expect([...api.pipeline.store.objects.keys()]).toEqual(['people/alice/bob/1.jpg']);
  });
});

interface Person {
  readonly person: string;
  readonly faceIds: readonly string[];
  readonly version: number;
}

const put = (method: string, path: string, body: object, headers = {}) =>
  api.call(method, path, { ...json(body), headers: { 'content-type': 'application/json', ...headers } });
const person = (name: string) => api.ask<Person>('GET', `/v1/people/${name}`);
const eTagOf = async (name: string) => (await api.call('GET', `/v1/people/${name}`)).headers.get('etag')!;

describe('POST /people', () => {
  it('makes a person by name, who stays without a face', async () => {
    const response = await put('POST', '/v1/people', { person: 'Ann Lee' });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ person: 'Ann Lee', collection: 'main', faceIds: [] });
    expect(response.headers.get('etag')).toBe(await eTagOf('Ann%20Lee'));
    await api.fail('PERSON_EXISTS', 'POST', '/v1/people', json({ person: 'Ann Lee' }));
  });

  it('takes JSON alone, into a collection that is there', async () => {
    await api.fail('UNSUPPORTED_MEDIA_TYPE', 'POST', '/v1/people', raw('{"person":"a"}', 'text/plain'));
    await api.fail('INVALID_REQUEST', 'POST', '/v1/people', raw('{"person":', 'application/json'));
    await api.fail('COLLECTION_NOT_FOUND', 'POST', '/v1/people', json({ person: 'a', collection: 'none' }));
  });
});

describe('PATCH /people/{person}', () => {
  beforeEach(() => api.put({ 'people/alice/1.jpg': '10@40', 'people/bob/1.jpg': '90@40', 'photos/1.jpg': '11@30' }));

  it('renames the person, in photos, too', async () => {
    const { faceIds } = await person('alice');
    expect(await api.ask('PATCH', '/v1/people/alice', json({ person: 'Alice' }))).toMatchObject({
      person: 'Alice',
      faceIds,
    });
    await api.pipeline.follow();
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/alice');
    const { faces } = await api.ask<{ faces: { person?: string; role: string }[] }>('GET', '/v1/faces?person=Alice');
    expect(faces.map(({ role }) => role).sort()).toEqual(['person', 'photo']);
  });

  it('refuses a name that somebody has', async () => {
    const { detail } = await api.fail('PERSON_EXISTS', 'PATCH', '/v1/people/alice', json({ person: 'bob' }));
    expect(detail).toContain('Merge');
  });

  it('renames only the version that was read', async () => {
    const read = await eTagOf('alice');
    await api.put({ 'people/alice/2.jpg': '12@40' });
    const late = await put('PATCH', '/v1/people/alice', { person: 'a' }, { 'if-match': read });
    const foreign = await put('PATCH', '/v1/people/alice', { person: 'a' }, { 'if-match': 'W/"x"' });
    const newest = await put('PATCH', '/v1/people/alice', { person: 'a' }, { 'if-match': await eTagOf('alice') });
    expect([late.status, foreign.status, newest.status]).toEqual([412, 412, 200]);
  });
});

describe('POST /people/{person}/merge', () => {
  beforeEach(() => api.put({ 'people/alice/1.jpg': '10@40', 'people/ally/1.jpg': '12@40' }));

  it("makes the faces of one the other one's, and the one is gone", async () => {
    const merged = await api.ask<Person>('POST', '/v1/people/ally/merge', json({ into: 'alice' }));
    expect(merged).toMatchObject({ person: 'alice', faceIds: [expect.any(String), expect.any(String)] });
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/ally');
  });

  it('asks for both to be there, and for the version that was read of the one who goes', async () => {
    await api.fail('PERSON_NOT_FOUND', 'POST', '/v1/people/ally/merge', json({ into: 'nobody' }));
    await api.fail('PERSON_NOT_FOUND', 'POST', '/v1/people/nobody/merge', json({ into: 'ally' }));
    const late = await put('POST', '/v1/people/ally/merge', { into: 'alice' }, { 'if-match': '"99"' });
    expect(late.status).toBe(412);
    expect((await person('ally')).faceIds).toHaveLength(1);
  });
});

describe('DELETE /people/{person} with If-Match', () => {
  it('forgets only the version that was read', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40' });
    const late = await api.call('DELETE', '/v1/people/alice', { headers: { 'if-match': '"99"' } });
    expect(late.status).toBe(412);
    const newest = await api.call('DELETE', '/v1/people/alice', { headers: { 'if-match': await eTagOf('alice') } });
    expect(newest.status).toBe(200);
  });
});

describe('POST /people/{person}/faces', () => {
  const path = '/v1/people/carol/faces';
  beforeEach(() => api.ask('POST', '/v1/people', json({ person: 'carol' })));

  it.each([
    ['JSON', json({ image: inBase64('50@40') })],
    ['a form', form({ image: Buffer.from('50@40') })],
    ['the body itself', raw('50@40')],
  ])('adds the face of a photo that comes as %s, and keeps nothing of the photo', async (_, body) => {
    const { assigned, used } = await api.ask<{ assigned: string[]; used: object }>('POST', path, body);
    expect(await person('carol')).toMatchObject({ faceIds: assigned });
    expect(used).toMatchObject({ place: 0, facesInPhoto: 1, width: 60 });
    const { faces } = await api.ask<{ faces: object[] }>('GET', '/v1/faces?person=carol');
    expect(faces).toEqual([expect.not.objectContaining({ key: expect.anything() })]);
    expect(await api.ask('POST', '/v1/search', json({ image: inBase64('52@30') }))).toMatchObject({
      identity: { person: 'carol', ambiguous: [] },
    });
  });

  it('uses the largest face, or the one that is picked, and says where the others are', async () => {
    const two = inBase64('50@40 200@30');
    const first = await api.ask('POST', path, json({ image: two }));
    const second = await api.ask('POST', path, json({ image: two, face: 1 }));
    expect(first).toMatchObject({ used: { place: 0, facesInPhoto: 2, box: { width: 40 } } });
    expect(second).toMatchObject({ used: { place: 1, boxes: [{ width: 40 }, { width: 30 }], box: { width: 30 } } });
    expect((await person('carol')).faceIds).toHaveLength(2);
    expect(await api.ask('GET', '/v1/faces')).toMatchObject({ faces: [{ role: 'person' }, { role: 'person' }] });
  });

  it('is the same when it is sent again', async () => {
    const [first, second] = [await api.ask('POST', path, raw('50@40')), await api.ask('POST', path, raw('50@40'))];
    expect(second).toEqual(first);
    expect((await person('carol')).faceIds).toHaveLength(1);
  });

  it.each([
    ['NO_FACE', raw('a landscape')],
    ['FACE_NOT_FOUND', json({ image: inBase64('50@40'), face: 1 })],
    ['POOR_QUALITY', raw('50@12')],
    ['PHOTO_NOT_FOUND', json({ image: { key: 'photos/none.jpg' } })],
    ['INVALID_REQUEST', json({ image: inBase64('50@40'), faceIds: ['1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11'] })],
    ['INVALID_REQUEST', json({})],
  ] as const)('refuses with %s, and stores nothing', async (code, body) => {
    await api.fail(code, 'POST', path, body);
    expect(await api.ask('GET', '/v1/faces')).toEqual({ faces: [] });
  });

  it("refuses the very face of the very photo that made it somebody else's", async () => {
    await api.ask('POST', path, raw('50@40'));
    await api.ask('POST', '/v1/people', json({ person: 'dave' }));
    expect((await api.fail('FACE_ASSIGNED', 'POST', '/v1/people/dave/faces', raw('50@40'))).detail).toContain('carol');
  });

  it('asks for the person first', async () => {
    await api.fail('PERSON_NOT_FOUND', 'POST', '/v1/people/nobody/faces', raw('50@40'));
    expect(await api.ask('GET', '/v1/faces')).toEqual({ faces: [] });
  });

  it('adds stored faces, and says of each other why it did not', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40', 'photos/1.jpg': '52@40 130@40' });
    const { faces } = await api.ask<{ faces: { faceId: string; key: string }[] }>('GET', '/v1/faces');
    const [near, far] = faces.filter(({ key }) => key === 'photos/1.jpg').map(({ faceId }) => faceId);
    const [alices] = (await person('alice')).faceIds;
    const nobodys = '1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11';
    await api.ask('POST', path, raw('50@40'));

    const ids = [near!, far!, alices!, nobodys];
    const answer = await api.ask<{ assigned: string[]; failed: object[] }>(
      'POST',
      path,
      json({ faceIds: ids, threshold: 0.5 }),
    );

    const { assigned, failed } = answer;
    expect(assigned).toHaveLength(1);
    expect(failed).toContainEqual(expect.objectContaining({ reason: 'LOW_MATCH', similarity: expect.any(Number) }));
    expect(failed).toContainEqual({ faceId: alices, reason: 'ASSIGNED_TO_ANOTHER', person: 'alice' });
    expect(failed).toContainEqual({ faceId: nobodys, reason: 'FACE_NOT_FOUND' });
  });
});

describe("a face that is not the person's", () => {
  beforeEach(() =>
    api.put({ 'people/alice/1.jpg': '10@40', 'people/alice/2.jpg': '90@40', 'people/bob/1.jpg': '92@40' }),
  );

  it('is released by DELETE, and is to be named again', async () => {
    const [, faceId] = (await person('alice')).faceIds;
    const face = await api.ask('DELETE', `/v1/people/alice/faces/${faceId}`);
    expect(face).toMatchObject({ faceId, role: 'photo' });
    expect((await person('alice')).faceIds).toHaveLength(1);
    await api.pipeline.follow();
    expect(await api.ask('GET', `/v1/faces/${faceId}`)).toMatchObject({ role: 'photo' });
  });

  it('is moved to whose it is', async () => {
    const [, faceId] = (await person('alice')).faceIds;
    const face = await api.ask('POST', `/v1/people/alice/faces/${faceId}/move`, json({ to: 'bob' }));
    expect(face).toMatchObject({ faceId, role: 'person', person: 'bob' });
    expect((await person('bob')).faceIds).toContain(faceId);
  });

  it("is refused when it is somebody else's, or there is none", async () => {
    const [bobs] = (await person('bob')).faceIds;
    const none = '1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11';
    await api.fail('FACE_ASSIGNED', 'DELETE', `/v1/people/alice/faces/${bobs}`);
    await api.fail('FACE_NOT_FOUND', 'DELETE', `/v1/people/alice/faces/${none}`);
    await api.fail('FACE_ASSIGNED', 'POST', `/v1/people/alice/faces/${bobs}/move`, json({ to: 'alice' }));
    await api.fail('FACE_NOT_FOUND', 'POST', `/v1/people/alice/faces/${none}/move`, json({ to: 'bob' }));
    await api.fail('PERSON_NOT_FOUND', 'POST', `/v1/people/bob/faces/${bobs}/move`, json({ to: 'nobody' }));
  });
});
