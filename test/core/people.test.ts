import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { forgetPerson } from '../../lib/core/forget.ts';
import { createPerson, getPerson, mergePeople, renamePerson } from '../../lib/core/people.ts';
import { dyingAnywhere, facesOf, index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const collection = 'main';
let pipeline: Pipeline;
beforeEach(() => {
  pipeline = new Pipeline();
});

const namesIn = (event: FacenetEvent | undefined) =>
  event?.type === 'Image Indexed' ? event.detail.faces.map((face) => face.identity?.person ?? 'unknown') : undefined;

/** Ann by a photo and by an indexed face, Bill by a photo, and a party with both. */
async function party(): Promise<Pipeline> {
  const made = new Pipeline();
  await made.follow(made.put('people/ann/1.jpg', '10@40'), made.put('people/bill/1.jpg', '90@40'));
  const faceIds = await index(made, '30@40');
  await assignFaces(made.ports(), { collection, person: 'ann', faceIds });
  await made.follow(made.put('photos/party.jpg', '12@40 88@30 40@25'));
  return made;
}

describe('a person made by name', () => {
  it('is there without a face, and stays when the last one goes', async () => {
    expect(await createPerson(pipeline.registry, { collection, person: 'ann' })).toMatchObject({
      person: 'ann',
      faceIds: [],
    });
    const faceIds = await index(pipeline, '10@40');
    await assignFaces(pipeline.ports(), { collection, person: 'ann', faceIds });
    await pipeline.registry.deleteFaces([...pipeline.registry.faces.values()]);

    expect(facesOf(pipeline, 'ann')).toEqual([]);
  });

  it('cannot be made where there is one of the name, or no such collection', async () => {
    await pipeline.follow(pipeline.put('people/ann/1.jpg', '10@40'));
    const { registry } = pipeline;

    await expect(createPerson(registry, { collection, person: 'ann' })).rejects.toMatchObject({
      code: 'PERSON_EXISTS',
    });
    await expect(createPerson(registry, { collection: 'zoo', person: 'ann' })).rejects.toMatchObject({
      code: 'COLLECTION_NOT_FOUND',
    });
    await expect(getPerson(registry, 'zoo', 'ann')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
    await expect(getPerson(registry, collection, 'bill')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
  });
});

describe('renaming', () => {
  it('gives all faces and photos the new name', async () => {
    pipeline = await party();
    const faces = facesOf(pipeline, 'ann');

    expect(await renamePerson(pipeline.ports(), { collection, person: 'ann', to: 'Anna' })).toMatchObject({
      person: 'Anna',
      faceIds: expect.arrayContaining([...faces!]),
    });

    const events = await pipeline.told();
    expect([facesOf(pipeline, 'ann'), facesOf(pipeline, 'Anna')]).toEqual([undefined, faces]);
    const enrolled = events.flatMap((event) => (event.type === 'Person Enrolled' ? event.detail : []));
    expect(enrolled.map(({ person }) => person)).toEqual(['Anna', 'Anna']);
    expect(enrolled.map(({ face }) => face.faceId).sort()).toEqual(faces);
    expect(namesIn(events.findLast(({ type }) => type === 'Image Indexed'))).toEqual(['Anna', 'bill', 'Anna']);
  });

  it('refuses a name that somebody has, a version that is past, and one who is not there', async () => {
    pipeline = await party();
    const { version } = await getPerson(pipeline.registry, collection, 'ann');
    const rename = (person: string, to: string, read?: number) =>
      renamePerson(pipeline.ports(), { collection, person, to, version: read });

    await expect(rename('ann', 'bill')).rejects.toMatchObject({ code: 'PERSON_EXISTS' });
    await expect(rename('ann', 'Anna', version - 1)).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    await expect(rename('carol', 'Anna')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    expect((await rename('ann', 'ann')).version).toBe(version);
    expect(await rename('ann', 'Anna', version)).toMatchObject({ person: 'Anna' });
  });

  it('by two at once to two names is done by one alone', async () => {
    pipeline = await party();
    const faces = facesOf(pipeline, 'ann');

    const ends = await Promise.allSettled(
      ['Anna', 'Anne'].map((to) => renamePerson(pipeline.ports(), { collection, person: 'ann', to })),
    );

    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find((end) => end.status === 'rejected')?.reason).toMatchObject({ code: 'CONFLICT', retryable: true });
    const [winner, loser] = ends[0]?.status === 'fulfilled' ? ['Anna', 'Anne'] : ['Anne', 'Anna'];
    expect([facesOf(pipeline, winner!), facesOf(pipeline, loser!)]).toEqual([faces, undefined]);
  });

  it('that died anywhere is gone on with, and tells the same', async () => {
    const rename = (ports: ReturnType<Pipeline['ports']>) =>
      renamePerson(ports, { collection, person: 'ann', to: 'Anna' });
    const repeated = async (ports: ReturnType<Pipeline['ports']>) => {
      // Dead after its last write, it is through, and the old name is nobody's.
      await rename(ports).catch((error) => {
        if (error.code !== 'PERSON_NOT_FOUND') throw error;
      });
    };
    const { whole, died } = await dyingAnywhere(party, repeated);
    const told = async (each: Pipeline) =>
      (await each.told()).map(({ type, detail }) => [type, detail.image.imageId, 'person' in detail && detail.person]);
    const expected = (await told(whole)).map(String).sort();

    expect(died.length).toBeGreaterThan(8);
    for (const each of died) {
      expect(facesOf(each, 'Anna')).toEqual(facesOf(whole, 'Anna'));
      expect(facesOf(each, 'ann')).toBeUndefined();
      expect((await told(each)).map(String).sort()).toEqual(expected);
      expect([...each.registry.faces.values()].map(({ match }) => match?.person)).not.toContain('ann');
    }
  });

  it('leaves who is being renamed to somebody else', async () => {
    pipeline = await party();
    await pipeline.registry.startMove(collection, 'ann', 'Anna');

    await expect(renamePerson(pipeline.ports(), { collection, person: 'ann', to: 'Anne' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect(await renamePerson(pipeline.ports(), { collection, person: 'ann', to: 'Anna' })).toMatchObject({
      person: 'Anna',
    });
  });
});

describe('merging', () => {
  it('makes two people one, in photos, too', async () => {
    pipeline = await party();
    const faces = [...facesOf(pipeline, 'ann')!, ...facesOf(pipeline, 'bill')!].sort();

    await mergePeople(pipeline.ports(), { collection, from: 'ann', into: 'bill' });

    const events = await pipeline.told();
    expect([facesOf(pipeline, 'ann'), facesOf(pipeline, 'bill')]).toEqual([undefined, faces]);
    expect(namesIn(events.findLast(({ type }) => type === 'Image Indexed'))).toEqual(['bill', 'bill', 'bill']);
  });

  it('takes in no more faces than a person can have', async () => {
    const faceIds: string[] = [];
    for (let i = 0; i < 100; i++) faceIds.push(...(await index(pipeline, `10@40 ${i}`)));
    for (const person of ['ann', 'bill']) await createPerson(pipeline.registry, { collection, person });
    await assignFaces(pipeline.ports(), { collection, person: 'ann', faceIds });
    const [one] = await index(pipeline, '90@40');
    await assignFaces(pipeline.ports(), { collection, person: 'bill', faceIds: [one!] });

    await expect(mergePeople(pipeline.ports(), { collection, from: 'bill', into: 'ann' })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(facesOf(pipeline, 'bill')).toEqual([one]);
  });

  it('needs both, and leaves a person merged into itself', async () => {
    pipeline = await party();
    const merge = (from: string, into: string) => mergePeople(pipeline.ports(), { collection, from, into });

    await expect(merge('ann', 'carol')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    await expect(merge('carol', 'ann')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    expect((await merge('ann', 'ann')).faceIds).toHaveLength(2);
  });
});

describe('forgetting a person', () => {
  it('who was made by name leaves nobody', async () => {
    await createPerson(pipeline.registry, { collection, person: 'ann' });

    expect(await forgetPerson(pipeline.ports(), collection, 'ann')).toEqual({ photos: 0 });

    expect(pipeline.registry.people.size).toBe(0);
    await expect(forgetPerson(pipeline.ports(), collection, 'ann')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
  });

  it('deletes indexed faces, releases those of photos, removes the photos that enrolled', async () => {
    pipeline = await party();
    const [, , unknown] = [...pipeline.registry.faces.values()].filter(
      ({ source }) => source?.key === 'photos/party.jpg',
    );
    await assignFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [unknown!.faceId] });
    await pipeline.told();

    expect(await forgetPerson(pipeline.ports(), collection, 'ann')).toEqual({ photos: 1 });

    await pipeline.told();
    expect([...pipeline.store.objects.keys()]).toEqual(['people/bill/1.jpg', 'photos/party.jpg']);
    const faces = [...pipeline.registry.faces.values()];
    expect(faces.map(({ source, role }) => `${source?.key} ${role}`).sort()).toEqual([
      'people/bill/1.jpg person',
      'photos/party.jpg photo',
      'photos/party.jpg photo',
      'photos/party.jpg photo',
    ]);
    expect(faces.flatMap(({ person, match }) => person ?? match?.person ?? [])).toEqual(['bill', 'bill']);
  });

  it('leaves photos in the folder whose face is somebody else’s by now, and takes those of other folders', async () => {
    pipeline = await party();
    await renamePerson(pipeline.ports(), { collection, person: 'ann', to: 'Anna' });
    await pipeline.follow(pipeline.put('people/ann/2.jpg', '150@40'));

    expect(await forgetPerson(pipeline.ports(), collection, 'ann')).toEqual({ photos: 1 });
    expect(pipeline.store.objects.has('people/ann/1.jpg')).toBe(true);
    expect(facesOf(pipeline, 'Anna')).toHaveLength(2);

    expect(await forgetPerson(pipeline.ports(), collection, 'Anna')).toEqual({ photos: 1 });
    expect(pipeline.store.objects.has('people/ann/1.jpg')).toBe(false);
  });

  it('is gone through again when detect was told of the photo first, and has erased half of it', async () => {
    pipeline = await party();
    const bury = pipeline.registry.buryImage.bind(pipeline.registry);
    let isTold = false;
    pipeline.registry.buryImage = async (imageId, sequencer) => {
      if (!isTold) await bury(imageId, 'F'.repeat(32));
      isTold = true;
      return bury(imageId, sequencer);
    };

    expect(await forgetPerson(pipeline.ports(), collection, 'ann')).toEqual({ photos: 1 });

    expect(facesOf(pipeline, 'ann')).toBeUndefined();
    expect([...pipeline.registry.people.values()].map(({ person }) => person)).toEqual(['bill']);
  });

  it('that died anywhere is gone on with', async () => {
    const { died } = await dyingAnywhere(party, (ports) =>
      forgetPerson(ports, collection, 'ann').catch((error) => {
        if (error.code !== 'PERSON_NOT_FOUND') throw error;
      }),
    );

    expect(died.length).toBeGreaterThan(5);
    for (const each of died) {
      await each.told();
      expect(facesOf(each, 'ann')).toBeUndefined();
      expect([...each.registry.faces.values()].map(({ match }) => match?.person)).not.toContain('ann');
    }
  });
});
