import { beforeEach, describe, expect, it } from 'vitest';
import { Api, json } from './api.ts';

let api: Api;
beforeEach(() => {
  api = new Api();
});

describe('collections', () => {
  it('are made by name, listed page by page, and described', async () => {
    const response = await api.call('POST', '/v1/collections', json({ collection: 'team' }));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ collection: 'team', createdAt: expect.any(String) });
    await api.put({ 'collections/team/people/alice/1.jpg': '10@40', 'collections/team/photos/1.jpg': '10@40 90@40' });

    const first = await api.ask<{ next: string }>('GET', '/v1/collections?limit=1');
    const second = await api.ask('GET', `/v1/collections?limit=1&after=${encodeURIComponent(first.next)}`);

    expect(first).toMatchObject({ collections: [{ collection: 'main' }] });
    expect(second).toMatchObject({ collections: [{ collection: 'team' }] });
    expect(second).not.toHaveProperty('next');
    expect(await api.ask('GET', '/v1/collections/team')).toMatchObject({ collection: 'team', faces: 3, people: 1 });
  });

  it('are made by the first photo in them, too', async () => {
    await api.put({ 'collections/team/photos/1.jpg': '10@40' });
    expect(await api.ask('GET', '/v1/collections/team')).toMatchObject({ faces: 1, people: 0 });
  });

  it.each(['main', 'team'])('are not made twice: %s', async (collection) => {
    await api.call('POST', '/v1/collections', json({ collection: 'team' }));
    await api.fail('COLLECTION_EXISTS', 'POST', '/v1/collections', json({ collection }));
  });

  it('are forgotten with all that is in them, and the photos when that is asked for', async () => {
    const photo = { 'collections/team/people/alice/1.jpg': '10@40' };
    await api.put({ ...photo, 'people/bob/1.jpg': '90@40' });
    expect(await api.ask('DELETE', '/v1/collections/team')).toEqual({ collection: 'team' });
    await api.fail('COLLECTION_NOT_FOUND', 'GET', '/v1/collections/team');
    expect(await api.ask('GET', '/v1/people?collection=team')).toEqual({ people: [] });
    expect([...api.pipeline.store.objects.keys()]).toHaveLength(2);

    await api.put(photo);
    await api.ask('DELETE', '/v1/collections/team?photos=true');
    expect([...api.pipeline.store.objects.keys()]).toEqual(['people/bob/1.jpg']);
  });

  it('named main stay, empty', async () => {
    await api.put({ 'people/bob/1.jpg': '90@40' });
    await api.ask('DELETE', '/v1/collections/main');
    expect(await api.ask('GET', '/v1/collections/main')).toMatchObject({ faces: 0, people: 0 });
  });

  it.each(['none', 'a%20b'])('that are not there are said so: %s', async (name) => {
    for (const method of ['GET', 'DELETE']) {
      await api.fail('COLLECTION_NOT_FOUND', method, `/v1/collections/${name}`);
    }
  });
});
