import { beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../lib/core/access.ts';
import { guardRegistry, guardStore, guardUploads } from '../../lib/core/guarded-ports.ts';
import type { FaceRegistry } from '../../lib/core/ports.ts';
import { fakeUploads } from './fakes.ts';
import { Pipeline } from './pipeline.ts';

const ofTeam: Access = { keyId: 'FACEAAAAAAAAAAAAAAAA', scopes: ['read', 'write', 'admin'], collections: ['team'] };
const forbidden = expect.objectContaining({ code: 'FORBIDDEN' });

let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = new Pipeline();
  for (const folder of ['', 'collections/team/']) {
    await pipeline.follow(
      pipeline.put(`${folder}people/ann/1.jpg`, '10@40'),
      pipeline.put(`${folder}photos/1.jpg`, '10@40'),
    );
  }
});

/** Something that stands for every argument that a method of the registry takes: what is in a collection, or the collection itself. */
function argumentsFor(method: string, collection: string): unknown[] {
  const face = [...pipeline.registry.faces.values()].find((each) => each.collection === collection)!;
  const byId = ['getImage', 'buryImage', 'facesOfImage'].includes(method);
  if (byId) return [face.imageId];
  if (method === 'deleteFaces') return [[face]];
  const byName = /^(get|list|create|delete|count|facesOf)/.test(method);
  return byName ? [collection, 'ann', 'person'] : [{ ...face, imageId: face.imageId, count: 1 }, 'ann'];
}

const methods = Object.keys(guardRegistry(new Pipeline().registry, () => ofTeam)) as (keyof FaceRegistry)[];

/** Waits for a call, whether it answers once or goes on answering. */
async function ended(call: () => unknown): Promise<unknown> {
  const answer = call();
  if (typeof answer !== 'object' || answer === null || !(Symbol.asyncIterator in answer)) return answer;
  for await (const _ of answer as AsyncIterable<unknown>);
  return undefined;
}

describe('a registry on behalf of a key for one collection', () => {
  it.each(methods.filter((method) => method !== ('listCollections' as never)))(
    'refuses %s in another, before anything is done',
    async (method) => {
      const before = JSON.stringify([
        ...pipeline.registry.faces,
        ...pipeline.registry.images,
        ...pipeline.registry.people,
      ]);
      const guarded = guardRegistry(pipeline.registry, () => ofTeam) as unknown as Record<
        string,
        (...args: unknown[]) => unknown
      >;

      await expect(ended(() => guarded[method]!(...argumentsFor(method, 'main')))).rejects.toThrow(forbidden);

      expect(
        JSON.stringify([...pipeline.registry.faces, ...pipeline.registry.images, ...pipeline.registry.people]),
      ).toBe(before);
    },
  );

  it.each(['getPerson', 'listPeople', 'listFaces', 'listImages', 'getImage', 'facesOfImage', 'facesOfPerson'] as const)(
    'lets %s through in its own',
    async (method) => {
      const guarded = guardRegistry(pipeline.registry, () => ofTeam) as unknown as Record<
        string,
        (...args: unknown[]) => unknown
      >;
      const args = /^list/.test(method)
        ? ['team', ...(method === 'listFaces' ? [{}] : []), { limit: 5 }]
        : argumentsFor(method, 'team');
      await expect(ended(() => guarded[method]!(...args))).resolves.not.toThrow();
    },
  );

  it('lists that collection alone', async () => {
    for (const collection of ['team', 'zoo']) await pipeline.registry.createCollection(collection);

    const { items } = await guardRegistry(pipeline.registry, () => ofTeam).listCollections({ limit: 10 });

    expect(items.map(({ collection }) => collection)).toEqual(['team']);
  });

  it('does nothing where nobody has been let in', async () => {
    const nobody = () => {
      throw new Error('nobody');
    };
    await expect(guardRegistry(pipeline.registry, nobody).getPerson('main', 'ann')).rejects.toThrow('nobody');
    await expect(guardStore(pipeline.store, nobody).read({ bucket: 'photos', key: 'photos/1.jpg' })).rejects.toThrow(
      'nobody',
    );
  });
});

describe('a bucket on behalf of a key for one collection', () => {
  it.each([
    'photos/1.jpg',
    'people/ann/1.jpg',
    'collections/other/photos/1.jpg',
    'collections/team',
    'collections/',
    'elsewhere/1.jpg',
    '',
  ])('shows, lists and removes nothing at %j', async (key) => {
    const guarded = guardStore(pipeline.store, () => ofTeam);
    const source = { bucket: 'photos', key };
    await expect(guarded.read(source)).rejects.toThrow(forbidden);
    await expect(guarded.remove(source)).rejects.toThrow(forbidden);
    await expect(ended(() => guarded.list('photos', key))).rejects.toThrow(forbidden);
    expect(pipeline.store.objects.size).toBe(4);
  });

  it('shows what is in the collection', async () => {
    const guarded = guardStore(pipeline.store, () => ofTeam);
    expect(await guarded.read({ bucket: 'photos', key: 'collections/team/photos/1.jpg' })).toBeDefined();
    const keys = [];
    for await (const key of guarded.list('photos', 'collections/team/')) keys.push(key);
    expect(keys).toEqual(['collections/team/people/ann/1.jpg', 'collections/team/photos/1.jpg']);
  });
});

it.each(['photos/1.jpg', 'people/ann/1.jpg', 'collections/other/photos/1.jpg', 'elsewhere/1.jpg'])(
  'signs no upload to %j for a key for another collection',
  async (key) => {
    const guarded = guardUploads(fakeUploads, () => ofTeam);
    await expect(guarded.sign({ bucket: 'photos', key, bytes: 1 }, 60)).rejects.toThrow(forbidden);
    const own = { bucket: 'photos', key: 'collections/team/photos/1.jpg', bytes: 1 };
    expect(await guarded.sign(own, 60)).toMatchObject({ url: expect.stringContaining(own.key) });
  },
);
