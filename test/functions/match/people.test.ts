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
