import { beforeEach, describe, expect, it } from 'vitest';
import { Api, inBase64, json, raw } from './api.ts';

let api: Api;
beforeEach(() => {
  api = new Api();
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

interface StoredFace {
  readonly faceId: string;
  readonly role: string;
}
const listed = async (query = '') => (await api.ask<{ faces: StoredFace[] }>('GET', `/v1/faces${query}`)).faces;
const none = '1c5d1f9f-4c1c-5e0a-9d0b-0d7c2a6f4b11';

describe('POST /faces', () => {
  it('stores the faces of a photo, the largest first, to be found again', async () => {
    const answer = await api.ask(
      'POST',
      '/v1/faces',
      json({ image: inBase64('10@30 200@40'), externalImageId: 'party' }),
    );
    expect(answer).toMatchObject({
      width: 120,
      height: 60,
      model: 'plane',
      faces: [
        { role: 'photo', externalImageId: 'party', box: { width: 40 } },
        { role: 'photo', externalImageId: 'party', box: { width: 30 } },
      ],
      left: [],
    });
    const { faces } = await api.ask<{ faces: object[] }>('POST', '/v1/search', json({ image: inBase64('201@40') }));
    expect(faces).toEqual([expect.objectContaining({ externalImageId: 'party' })]);
  });

  it('stores the largest alone when so many are asked for, and says which it left', async () => {
    const answer = await api.ask('POST', '/v1/faces?maxFaces=1', raw('10@30 200@40'));
    expect(answer).toMatchObject({
      faces: [{ box: { width: 40 } }],
      left: [{ box: { width: 30 }, reasons: ['EXCEEDS_MAX_FACES'] }],
    });
    expect(await listed()).toHaveLength(1);
  });

  it('gives the same faces for the same photo, whoever they are by now', async () => {
    const ask = () => api.ask<{ faces: StoredFace[] }>('POST', '/v1/faces', raw('10@30'));
    const [face] = (await ask()).faces;
    await api.ask('POST', '/v1/people', json({ person: 'alice' }));
    await api.ask('POST', '/v1/people/alice/faces', json({ faceIds: [face!.faceId] }));
    expect((await ask()).faces).toMatchObject([{ faceId: face!.faceId, role: 'person', person: 'alice' }]);
  });
});

describe('GET /faces/{faceId}', () => {
  it('finds a face in its collection, and in no other', async () => {
    await api.put({ 'people/alice/1.jpg': '10@40', 'collections/team/photos/1.jpg': '10@40' });
    const [face] = await listed();
    expect(await api.ask('GET', `/v1/faces/${face!.faceId}`)).toEqual(face);
    await api.fail('FACE_NOT_FOUND', 'GET', `/v1/faces/${face!.faceId}?collection=team`);
    await api.fail('COLLECTION_NOT_FOUND', 'GET', `/v1/faces/${face!.faceId}?collection=none`);
    await api.fail('FACE_NOT_FOUND', 'GET', `/v1/faces/${none}`);
  });
});

describe('DELETE /faces/{faceId}', () => {
  it("deletes a face that is nobody's", async () => {
    await api.put({ 'photos/1.jpg': '10@40 90@40' });
    const [face] = await listed();
    expect(await api.ask('DELETE', `/v1/faces/${face!.faceId}`)).toEqual(face);
    expect(await listed()).toHaveLength(1);
    await api.fail('FACE_NOT_FOUND', 'DELETE', `/v1/faces/${face!.faceId}`);
  });

  it("refuses one that is somebody's, unless it is told to delete it", async () => {
    await api.put({ 'people/alice/1.jpg': '10@40' });
    const [face] = await listed();
    expect((await api.fail('FACE_ASSIGNED', 'DELETE', `/v1/faces/${face!.faceId}`)).detail).toContain('alice');
    await api.ask('DELETE', `/v1/faces/${face!.faceId}?assigned=delete`);
    expect(await listed()).toEqual([]);
    await api.fail('PERSON_NOT_FOUND', 'GET', '/v1/people/alice');
  });
});
