import { beforeEach, describe, expect, it } from 'vitest';
import { Api } from './api.ts';

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
