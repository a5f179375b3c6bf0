import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import { createPerson } from '../../lib/core/people.ts';
import { searchByFace, searchFaces, searchPeople } from '../../lib/core/search-faces.ts';
import { verifyPhotos } from '../../lib/core/verify-faces.ts';
import { photoOf, vectorAt } from './fakes.ts';
import { index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const collection = 'main';
let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = new Pipeline();
});

/** Enrols people by indexed photos, each at its angle. */
async function enrol(people: Readonly<Record<string, string>>): Promise<Record<string, string[]>> {
  const ids: Record<string, string[]> = {};
  for (const [person, photo] of Object.entries(people)) {
    await createPerson(pipeline.registry, { collection, person });
    ids[person] = await index(pipeline, `${photo} ${person}`);
    await assignFaces(pipeline.ports(), { collection, person, faceIds: ids[person] });
  }
  return ids;
}

const search = (photo: string, changes: object = {}) =>
  searchFaces(pipeline.ports(), { photo: { bytes: photoOf(photo) } }, { collection, count: 10, ...changes });

describe('searching by a photo', () => {
  it('says who else is nearly as near, and nobody who is not', async () => {
    await enrol({ ann: '10@40', bill: '12@40', carol: '20@40' });

    const { identity, people } = await search('10@40');

    expect(people.map(({ person }) => person)).toEqual(['ann', 'bill', 'carol']);
    expect(identity).toMatchObject({ person: 'ann', distance: expect.closeTo(0) });
    expect(identity?.ambiguous.map(({ person }) => person)).toEqual(['bill']);
    expect((await search('20@40')).identity).toMatchObject({ person: 'carol', ambiguous: [] });
  });

  it('mentions nobody beyond the threshold, however near to the nearest', async () => {
    await enrol({ ann: '10@40', bill: '11@40' });
    const threshold = 2 * Math.sin((5.5 * Math.PI) / 360);

    const { identity } = await search('5@40', { threshold });

    expect(identity).toMatchObject({ person: 'ann', ambiguous: [] });
  });

  it('has a margin as wide as from one false match in a thousand to one in ten thousand', async () => {
    await enrol({ ann: '10@40', bill: '20@40' });
    const ports = pipeline.ports();
    const embedder = {
      card: {
        ...ports.embedder.card,
        operatingPoints: [
          { falseMatchRate: 1e-3, distance: 0.5 },
          { falseMatchRate: 1e-4, distance: 0.3 },
        ],
      },
      embed: ports.embedder.embed.bind(ports.embedder),
    };

    const { identity } = await searchFaces(
      { ...ports, embedder },
      { photo: { bytes: photoOf('10@40') } },
      { collection, count: 10 },
    );

    expect(identity?.ambiguous.map(({ person }) => person)).toEqual(['bill']);
  });

  it('names nobody by a face that was released or deleted a moment ago', async () => {
    const { ann } = await enrol({ ann: '10@40', bill: '14@40' });
    const { nearest } = pipeline.registry;
    const before = await nearest.call(pipeline.registry, {
      collection,
      role: 'person',
      model: 'plane',
      embedding: vectorAt(10),
      count: 100,
    });
    await pipeline.registry.assignFace(pipeline.registry.faces.get(ann![0]!)!, undefined);
    // The index is behind.
    pipeline.registry.nearest = async (query) => (query.role ? before : nearest.call(pipeline.registry, query));

    const { identity, people } = await search('10@40');

    expect(people.map(({ person }) => person)).toEqual(['bill']);
    expect(identity).toMatchObject({ person: 'bill', ambiguous: [] });
  });

  it('looks as far as it is asked to', async () => {
    await enrol({ ann: '10@40' });

    expect((await search('20@40', { threshold: 0.1 })).identity).toBeUndefined();
    expect((await search('90@40', { threshold: 2 })).identity).toMatchObject({ person: 'ann' });
    await expect(search('10@40', { collection: 'zoo' })).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
  });
});

describe('choosing a face of a photo', () => {
  const bytes = photoOf('10@40 90@50 150@30');
  const choose = (choice: object) =>
    searchFaces(pipeline.ports(), { photo: { bytes }, ...choice }, { collection, count: 1 });

  it('takes the largest where nobody chooses, and says where all are', async () => {
    const { searched } = await choose({});

    expect(searched).toMatchObject({ place: 0, face: { box: { width: 50 } } });
    expect(searched.boxes.map(({ width }) => width)).toEqual([50, 40, 30]);
    expect(searched.embedding).toEqual(vectorAt(90));
  });

  it('takes the one in the place that is picked', async () => {
    const { searched } = await choose({ pick: 2 });

    expect(searched).toMatchObject({ place: 2, face: { box: { width: 30 } } });
    expect(searched.embedding).toEqual(vectorAt(150));
  });

  it('takes the largest that fits', async () => {
    const fits = ({ box }: { box: { width: number } }) => box.width < 45;

    expect((await choose({ fits })).searched).toMatchObject({ place: 1 });
    await expect(choose({ fits: () => false })).rejects.toMatchObject({ code: 'NO_FACE' });
    await expect(choose({ fits, pick: 0 })).rejects.toMatchObject({ code: 'NO_FACE' });
  });

  it('says when there is none in the place', async () => {
    for (const pick of [3, -1, 0.5]) await expect(choose({ pick })).rejects.toMatchObject({ code: 'FACE_NOT_FOUND' });
  });

  it('works for both photos of a comparison', async () => {
    const other = { bytes: photoOf('150@20 12@10') };

    const { distance, source, target } = await verifyPhotos(
      pipeline.ports(),
      { photo: { bytes }, pick: 1 },
      { photo: other, pick: 1 },
    );

    expect([source.place, target.place]).toEqual([1, 1]);
    expect(distance).toBeCloseTo(2 * Math.sin((1 * Math.PI) / 180));
    const beyond = verifyPhotos(pipeline.ports(), { photo: { bytes } }, { photo: other, pick: 2 });
    await expect(beyond).rejects.toThrow(/place 2 of photo 2 of 2, found 2 in it/);
  });
});

describe('searching by a stored face', () => {
  it('finds those near it, but not itself', async () => {
    const [faceId, near] = await index(pipeline, '10@40 14@30 90@20');

    const { searched, faces } = await searchByFace(pipeline.ports(), { collection, faceId: faceId!, count: 10 });

    expect(searched.faceId).toBe(faceId);
    expect(faces.map(({ face }) => face.faceId)).toEqual([near]);
    const wide = { collection, faceId: faceId!, count: 1, threshold: 2 };
    expect((await searchByFace(pipeline.ports(), wide)).faces).toHaveLength(1);
  });

  it('needs the face, in that collection, with a vector of the embedder', async () => {
    await pipeline.registry.createCollection('zoo');
    const [faceId] = await index(pipeline, '10@40');
    const by = (collection: string) => searchByFace(pipeline.ports(), { collection, faceId: faceId!, count: 1 });

    await expect(by('zoo')).rejects.toMatchObject({ code: 'FACE_NOT_FOUND' });
    await expect(by('nowhere')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
    pipeline.registry.faces.set(faceId!, { ...pipeline.registry.faces.get(faceId!)!, model: 'other' });
    await expect(by('main')).rejects.toMatchObject({ code: 'FACE_NOT_FOUND' });
  });
});

describe('searching people', () => {
  const people = async (by: Parameters<typeof searchPeople>[1]['by'], changes: object = {}) =>
    (await searchPeople(pipeline.ports(), { collection, by, count: 10, ...changes })).map(({ person }) => person);

  it('by a vector finds each once, by the nearest of the faces', async () => {
    await enrol({ ann: '10@40 30@30', bill: '20@40', carol: '150@40' });

    const found = await searchPeople(pipeline.ports(), {
      collection,
      by: { embedding: vectorAt(28) },
      count: 10,
    });

    expect(found.map(({ person }) => person)).toEqual(['ann', 'bill']);
    expect(found[0]?.distance).toBeCloseTo(2 * Math.sin(Math.PI / 180));
    expect(await people({ embedding: vectorAt(28) }, { count: 1 })).toEqual(['ann']);
    expect(await people({ embedding: vectorAt(28) }, { threshold: 2 })).toEqual(['ann', 'bill', 'carol']);
  });

  it('by a face leaves out whose it is', async () => {
    const { ann } = await enrol({ ann: '10@40 30@30', bill: '20@40' });
    const [free] = await index(pipeline, '11@40');

    expect(await people({ faceId: ann![0]! })).toEqual(['bill']);
    expect(await people({ faceId: free! })).toEqual(['ann', 'bill']);
  });

  it('by a person finds who is near any of the faces, but not the person', async () => {
    await enrol({ ann: '10@40 90@30', bill: '100@40', carol: '20@40', 'nobody yet': '' });

    expect(await people({ person: 'ann' })).toEqual(expect.arrayContaining(['bill', 'carol']));
    expect(await people({ person: 'ann' })).toHaveLength(2);
    expect(await people({ person: 'nobody yet' })).toEqual([]);
    await expect(people({ person: 'dora' })).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    await expect(people({ person: 'ann' }, { collection: 'zoo' })).rejects.toMatchObject({
      code: 'COLLECTION_NOT_FOUND',
    });
  });
});
