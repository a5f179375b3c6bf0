import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import {
  createCollection,
  deleteCollection,
  describeCollection,
  expectCollection,
} from '../../lib/core/collections.ts';
import { createPerson } from '../../lib/core/people.ts';
import { now } from './fakes.ts';
import { dyingAnywhere, index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(() => {
  pipeline = new Pipeline();
});

describe('a collection', () => {
  it('is made once, and found from then on', async () => {
    const { registry } = pipeline;
    await expect(expectCollection(registry, 'zoo')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });

    expect(await createCollection(registry, 'zoo')).toEqual({ collection: 'zoo', createdAt: now });

    await expectCollection(registry, 'zoo');
    for (const collection of ['zoo', 'main']) {
      await expect(createCollection(registry, collection)).rejects.toMatchObject({ code: 'COLLECTION_EXISTS' });
    }
  });

  it('is made by the first photo in it', async () => {
    await pipeline.follow(pipeline.put('collections/zoo/photos/a.jpg', '10@40'));

    expect(await describeCollection(pipeline.registry, 'zoo')).toMatchObject({ faces: 1, people: 0 });
  });

  it('says how many faces and people are in it', async () => {
    await pipeline.follow(pipeline.put('people/ann/1.jpg', '10@40'), pipeline.put('photos/a.jpg', '10@40 90@30'));
    await createPerson(pipeline.registry, { collection: 'main', person: 'bill' });

    expect(await describeCollection(pipeline.registry, 'main')).toMatchObject({ faces: 3, people: 2 });
    await expect(describeCollection(pipeline.registry, 'zoo')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
  });
});

describe('deleting a collection', () => {
  async function filled(): Promise<Pipeline> {
    const filled = new Pipeline();
    await createCollection(filled.registry, 'zoo');
    for (const folder of ['', 'collections/zoo/']) {
      await filled.follow(
        filled.put(`${folder}people/ann/1.jpg`, '10@40'),
        filled.put(`${folder}photos/a.jpg`, '11@40'),
      );
    }
    const [faceId] = await index(filled, '90@40 200@30', 'zoo');
    await createPerson(filled.registry, { collection: 'zoo', person: 'bill' });
    await createPerson(filled.registry, { collection: 'zoo', person: 'nobody yet' });
    await assignFaces(filled.ports(), { collection: 'zoo', person: 'bill', faceIds: [faceId!] });
    await filled.told();
    return filled;
  }
  const left = ({ registry }: Pipeline, collection: string) => ({
    faces: [...registry.faces.values()].filter((face) => face.collection === collection).length,
    people: [...registry.people.values()].filter((person) => person.collection === collection).length,
    images: [...registry.images.values()].filter((image) => image.collection === collection).length,
  });

  it('forgets all that is in it, tells of every face, and leaves the photos and other collections', async () => {
    pipeline = await filled();
    const faces = [...pipeline.registry.faces.values()].filter(({ collection }) => collection === 'zoo');
    const before = left(pipeline, 'main');

    await deleteCollection(pipeline.ports(), 'zoo');

    const events = await pipeline.told();
    const erased = events.flatMap(({ type, detail }) => (type === 'Faces Erased' ? detail.faceIds : []));
    expect(erased.sort()).toEqual(faces.map(({ faceId }) => faceId).sort());
    expect(left(pipeline, 'zoo')).toEqual({ faces: 0, people: 0, images: 0 });
    expect(left(pipeline, 'main')).toEqual(before);
    expect([...pipeline.store.objects.keys()]).toHaveLength(4);
    await expect(deleteCollection(pipeline.ports(), 'zoo')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
  });

  it('takes the photos along where that is asked for, also those that nobody has looked at', async () => {
    pipeline = await filled();
    pipeline.put('collections/zoo/photos/new.jpg', '50@40');

    await deleteCollection(pipeline.ports(), 'zoo', { photos: true });

    expect([...pipeline.store.objects.keys()]).toEqual(['people/ann/1.jpg', 'photos/a.jpg']);
    expect(left(pipeline, 'zoo')).toEqual({ faces: 0, people: 0, images: 0 });
  });

  it('empties main, which stays', async () => {
    pipeline = await filled();

    await deleteCollection(pipeline.ports(), 'main');

    expect(await describeCollection(pipeline.registry, 'main')).toMatchObject({ faces: 0, people: 0 });
    expect(left(pipeline, 'zoo').faces).toBe(4);
  });

  it('that died anywhere is gone on with', async () => {
    const { died } = await dyingAnywhere(filled, (ports) => deleteCollection(ports, 'zoo'));

    expect(died.length).toBeGreaterThan(10);
    for (const each of died) {
      expect(left(each, 'zoo')).toEqual({ faces: 0, people: 0, images: 0 });
      const events = await each.told();
      const erased = new Set(events.flatMap(({ type, detail }) => (type === 'Faces Erased' ? detail.faceIds : [])));
      expect(erased.size).toBe(4);
    }
  });

  it('makes room for one of the same name', async () => {
    pipeline = await filled();
    await deleteCollection(pipeline.ports(), 'zoo');

    await pipeline.follow(pipeline.put('collections/zoo/photos/a.jpg', '11@40'));

    expect(await describeCollection(pipeline.registry, 'zoo')).toMatchObject({ faces: 1, people: 0 });
  });
});
