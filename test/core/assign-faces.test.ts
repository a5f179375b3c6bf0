import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces, moveFaces, releaseFaces } from '../../lib/core/assign-faces.ts';
import { deleteFaces } from '../../lib/core/delete-faces.ts';
import { eventSchemas, type FacenetEvent } from '../../lib/core/events.ts';
import { createPerson } from '../../lib/core/people.ts';
import { dyingAnywhere, facesOf, index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const collection = 'main';
const unknownId = 'b4dfd7a2-3c3e-5b7e-9c0a-1f2e3d4c5b6a';
let pipeline: Pipeline;
beforeEach(async () => {
  pipeline = await withPeople();
});

async function withPeople(): Promise<Pipeline> {
  const made = new Pipeline();
  for (const person of ['ann', 'bill']) await createPerson(made.registry, { collection, person });
  return made;
}

const assign = (person: string, faceIds: readonly string[], maxDistance?: number) =>
  assignFaces(pipeline.ports(), { collection, person, faceIds, maxDistance });
const namesIn = (event: FacenetEvent | undefined) =>
  event?.type === 'Image Indexed' ? event.detail.faces.map((face) => face.identity?.person ?? 'unknown') : undefined;
const types = (events: readonly FacenetEvent[]) => events.map((event) => event.type);
/** The faces of a photo in the bucket, the largest first. */
async function indexed(key: string, photo: string): Promise<string[]> {
  await pipeline.follow(pipeline.put(key, photo));
  const faces = [...pipeline.registry.faces.values()].filter(({ source }) => source?.key === key);
  return faces.sort((a, b) => b.box.width - a.box.width).map(({ faceId }) => faceId);
}

/** Ann is known by a face, and recognised in a photo; answers that face. */
async function annInPhoto(): Promise<string[]> {
  const faceIds = await index(pipeline, '10@40');
  await assign('ann', faceIds);
  await indexed('photos/a.jpg', '12@40');
  await pipeline.told();
  return faceIds;
}

describe('assigning faces', () => {
  it('makes indexed faces name a person, in photos that are through, too', async () => {
    await indexed('photos/a.jpg', '12@40 150@30');
    const faceIds = await index(pipeline, '10@40');

    expect(await assign('ann', faceIds)).toEqual({ assigned: faceIds, failed: [] });

    const events = await pipeline.told();
    expect(types(events)).toEqual(['Person Enrolled', 'Image Indexed']);
    expect(namesIn(events[1])).toEqual(['ann', 'unknown']);
    expect(facesOf(pipeline, 'ann')).toEqual(faceIds);
  });

  it('tells of a face that came through the API without bucket, key and sequencer, as the schema says', async () => {
    await assign('ann', await index(pipeline, '10@40'));

    const [event] = await pipeline.told();
    expect(event?.detail.image).toEqual({ imageId: expect.any(String) });
    expect(() => eventSchemas['Person Enrolled'].parse(event?.detail)).not.toThrow();
  });

  it('makes a photo’s own face no guess any more', async () => {
    const [one, other] = await indexed('photos/a.jpg', '12@40 150@30');

    await assign('ann', [other!]);

    const events = await pipeline.told();
    expect(types(events)).toEqual(['Person Enrolled', 'Image Indexed']);
    const shown = events[1]?.type === 'Image Indexed' ? events[1].detail.faces : [];
    expect(shown.find(({ faceId }) => faceId === other)?.identity).toEqual({
      person: 'ann',
      distance: 0,
      similarity: 100,
      matchedFaceId: other,
    });
    expect(shown.find(({ faceId }) => faceId === one)?.identity).toBeNull();
    // Nobody who comes nearer takes it over.
    await pipeline.follow(pipeline.put('people/carol/1.jpg', '150@40'));
    expect(pipeline.registry.faces.get(other!)).toMatchObject({ person: 'ann', role: 'person' });
  });

  it('is told of without bringing back a person who is deleted meanwhile', async () => {
    const [faceId] = await index(pipeline, '10@40');
    await assign('ann', [faceId!]);
    const publish = pipeline.bus.publish.bind(pipeline.bus);
    const facesOfImage = pipeline.registry.facesOfImage.bind(pipeline.registry);
    pipeline.registry.facesOfImage = async (imageId) => {
      const faces = await facesOfImage(imageId);
      pipeline.registry.people.delete('main/ann');
      return faces;
    };
    pipeline.bus.publish = async (events) => {
      expect(pipeline.registry.people.has('main/ann')).toBe(false);
      await publish(events);
    };

    expect(types(await pipeline.told())).toEqual(['Person Enrolled']);
  });

  it('leaves what is somebody else’s or not there, and counts what is the person’s', async () => {
    const [mine, theirs, free] = await index(pipeline, '10@40 50@30 90@25');
    await assign('ann', [mine!]);
    await assign('bill', [theirs!]);

    expect(await assign('ann', [mine!, theirs!, free!, unknownId, free!])).toEqual({
      assigned: [mine, free],
      failed: [
        { faceId: theirs, reason: 'ASSIGNED_TO_ANOTHER', person: 'bill' },
        { faceId: unknownId, reason: 'FACE_NOT_FOUND' },
      ],
    });
  });

  it('can ask for likeness to the faces that the person has', async () => {
    const [first, near, far] = await index(pipeline, '10@40 15@30 90@25');

    expect((await assign('ann', [first!], 0.5)).assigned).toEqual([first]);
    expect(await assign('ann', [near!, far!], 0.5)).toEqual({
      assigned: [near],
      failed: [{ faceId: far, reason: 'LOW_MATCH', similarity: expect.any(Number) }],
    });
    // Whoever is assigned already has not to be like anybody.
    expect((await assign('ann', [first!, near!], 0)).failed).toEqual([]);
  });

  it('ends at a hundred faces of a person', async () => {
    const faceIds: string[] = [];
    for (let i = 0; i < 101; i++) faceIds.push(...(await index(pipeline, `10@40 ${i}`)));

    await expect(assign('ann', faceIds)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect((await assign('ann', faceIds.slice(1))).assigned).toHaveLength(100);
    expect((await assign('ann', faceIds.slice(1, 50))).assigned).toHaveLength(49);
    await expect(assign('ann', faceIds.slice(0, 1))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('needs the person and the collection', async () => {
    await expect(assign('carol', [])).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    const elsewhere = assignFaces(pipeline.ports(), { collection: 'zoo', person: 'ann', faceIds: [] });
    await expect(elsewhere).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
  });

  it('by two at once gives the face to one, and tells the other', async () => {
    const [faceId] = await index(pipeline, '10@40');

    const [ann, bill] = await Promise.all([assign('ann', [faceId!]), assign('bill', [faceId!])]);

    const reasons = [...ann.failed, ...bill.failed].map(({ reason }) => reason);
    expect(reasons).toEqual(['ASSIGNED_TO_ANOTHER']);
    const winner = ann.assigned.length > 0 ? 'ann' : 'bill';
    expect(facesOf(pipeline, winner)).toEqual([faceId]);
    expect(facesOf(pipeline, winner === 'ann' ? 'bill' : 'ann')).toEqual([]);
  });

  it('gives up with a conflict when the face is changed under it again and again', async () => {
    const [faceId] = await index(pipeline, '10@40');
    pipeline.registry.assignFace = async () => 'changed';

    await expect(assign('ann', [faceId!])).rejects.toMatchObject({ code: 'CONFLICT', retryable: true });
  });

  it('that died anywhere is healed by repeating it, and tells the same', async () => {
    let faceIds: readonly string[] = [];
    const prepare = async () => {
      const made = await withPeople();
      await made.follow(made.put('photos/a.jpg', '12@40 150@30'));
      faceIds = await index(made, '10@40 14@30');
      return made;
    };
    const { whole, died } = await dyingAnywhere(prepare, (ports) =>
      assignFaces(ports, { collection, person: 'ann', faceIds }),
    );
    const told = async (each: Pipeline) => {
      const events = (await each.told()).filter(({ type }) => type === 'Person Enrolled');
      return events.map(({ detail }) => 'face' in detail && detail.face.faceId).sort();
    };
    const expected = await told(whole);

    expect(expected).toHaveLength(2);
    expect(died.length).toBeGreaterThan(4);
    for (const each of died) {
      expect(await told(each)).toEqual(expected);
      expect(facesOf(each, 'ann')).toEqual([...faceIds].sort());
      expect([...each.registry.faces.values()].map(({ match }) => match?.person)).toContain('ann');
    }
  });
});

describe('releasing faces', () => {
  it('makes them nobody’s, and takes the name out of the photos that they named', async () => {
    const [own] = await indexed('photos/own.jpg', '10@40');
    await assign('ann', [own!]);
    await pipeline.told();
    await indexed('photos/other.jpg', '12@40');

    const released = await releaseFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [own!] });

    expect(released).toEqual({ released: [own], failed: [] });
    const events = await pipeline.told();
    expect(events.map(namesIn)).toEqual([['unknown'], ['unknown']]);
    expect(pipeline.registry.faces.get(own!)).toMatchObject({ role: 'photo' });
    expect(facesOf(pipeline, 'ann')).toEqual([]);
  });

  it('lets the face be taken for somebody else', async () => {
    const [own] = await indexed('photos/own.jpg', '10@40');
    await assign('ann', [own!]);
    await assign('bill', await index(pipeline, '14@40'));
    await pipeline.told();

    await releaseFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [own!] });

    expect((await pipeline.told()).map(namesIn)).toEqual([['bill']]);
  });

  it('of a photo that enrolled leaves the photo, whose face is unknown', async () => {
    const [faceId] = await indexed('people/carol/1.jpg', '10@40');

    const { released } = await releaseFaces(pipeline.ports(), { collection, person: 'carol', faceIds: [faceId!] });

    expect(released).toEqual([faceId]);
    expect((await pipeline.told()).map(namesIn)).toEqual([['unknown']]);
    expect(facesOf(pipeline, 'carol')).toBeUndefined();
    // A late repetition of the upload's word does not enrol it again.
    pipeline.tags.messages.push({
      version: 1,
      kind: 'embedded',
      image: { ...(await pipeline.registry.getImage(pipeline.registry.faces.get(faceId!)!.imageId))! },
    });
    expect(types(await pipeline.told())).toEqual([]);
    expect(facesOf(pipeline, 'carol')).toBeUndefined();
  });

  it('leaves those of others and of nobody', async () => {
    const [theirs, free] = await index(pipeline, '10@40 90@30');
    await assign('bill', [theirs!]);

    const faceIds = [theirs!, free!, unknownId];
    expect(await releaseFaces(pipeline.ports(), { collection, person: 'ann', faceIds })).toEqual({
      released: [],
      failed: [
        { faceId: theirs, reason: 'ASSIGNED_TO_ANOTHER', person: 'bill' },
        { faceId: free, reason: 'NOT_ASSIGNED' },
        { faceId: unknownId, reason: 'FACE_NOT_FOUND' },
      ],
    });
    expect(facesOf(pipeline, 'bill')).toEqual([theirs]);
  });

  it('that died anywhere comes to its end, repeated or not, and leaves no name', async () => {
    let own = '';
    const prepare = async () => {
      pipeline = await withPeople();
      [own] = (await indexed('photos/own.jpg', '10@40')) as [string];
      await assign('ann', [own]);
      await pipeline.told();
      await indexed('photos/other.jpg', '12@40');
      return pipeline;
    };
    const { died } = await dyingAnywhere(prepare, (ports) =>
      releaseFaces(ports, { collection, person: 'ann', faceIds: [own] }),
    );

    expect(died.length).toBeGreaterThan(2);
    for (const each of died) {
      await each.told();
      expect(facesOf(each, 'ann')).toEqual([]);
      expect([...each.registry.faces.values()].map(({ match }) => match)).toEqual([undefined, undefined]);
    }
  });

  it('that comes late does not take away what was assigned anew', async () => {
    const [own] = await indexed('photos/own.jpg', '10@40');
    await assign('ann', [own!]);
    await pipeline.told();
    await releaseFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [own!] });
    const late = [...pipeline.tags.messages];
    await pipeline.told();
    await assign('ann', [own!]);
    await pipeline.told();

    pipeline.tags.messages.push(...late);
    await pipeline.told();

    expect(facesOf(pipeline, 'ann')).toEqual([own]);
  });
});

describe('moving faces', () => {
  it('takes them from the one and gives them to the other, in photos, too', async () => {
    const faceIds = await annInPhoto();

    const moved = await moveFaces(pipeline.ports(), { collection, faceIds, from: 'ann', to: 'bill' });

    expect(moved).toEqual({ assigned: faceIds, failed: [] });
    const events = await pipeline.told();
    expect(types(events)).toEqual(['Person Enrolled', 'Image Indexed']);
    expect(namesIn(events[1])).toEqual(['bill']);
    expect([facesOf(pipeline, 'ann'), facesOf(pipeline, 'bill')]).toEqual([[], faceIds]);
  });

  it('leaves what is not the one’s', async () => {
    const [free, theirs] = await index(pipeline, '10@40 90@30');
    await createPerson(pipeline.registry, { collection, person: 'carol' });
    await assign('carol', [theirs!]);

    const faceIds = [free!, theirs!];
    expect(await moveFaces(pipeline.ports(), { collection, faceIds, from: 'ann', to: 'bill' })).toEqual({
      assigned: [],
      failed: [
        { faceId: free, reason: 'NOT_ASSIGNED' },
        { faceId: theirs, reason: 'ASSIGNED_TO_ANOTHER', person: 'carol' },
      ],
    });
  });
});

describe('deleting faces', () => {
  const remove = (faceIds: readonly string[], assigned: 'refuse' | 'delete' = 'refuse') =>
    deleteFaces(pipeline.ports(), { collection, faceIds, assigned });

  it('erases them and tells so, once for each time they were there', async () => {
    const faceIds = await index(pipeline, '10@40 90@30');

    expect(await remove([...faceIds, unknownId])).toMatchObject({
      deleted: faceIds.map((faceId) => ({ faceId })),
      failed: [{ faceId: unknownId, reason: 'FACE_NOT_FOUND' }],
    });

    const [event] = await pipeline.told();
    expect(event).toMatchObject({ type: 'Faces Erased', detail: { reason: 'removed', faceIds: [...faceIds].sort() } });
    expect(() => eventSchemas['Faces Erased'].parse(event?.detail)).not.toThrow();
    expect(pipeline.registry.faces.size).toBe(0);
    // The same photo can come again, with the same ids, and go again: that is news.
    pipeline.clock += 1000;
    expect(await index(pipeline, '10@40 90@30')).toEqual(faceIds);
    await remove(faceIds);
    const [again] = await pipeline.told();
    expect(again?.detail.id).not.toBe(event?.detail.id);
  });

  it('leaves those that are somebody’s, or takes them from the person and out of photos', async () => {
    const faceIds = await annInPhoto();

    expect(await remove(faceIds)).toEqual({
      deleted: [],
      failed: [{ faceId: faceIds[0], reason: 'ASSIGNED', person: 'ann' }],
    });
    expect((await remove(faceIds, 'delete')).deleted).toMatchObject([{ faceId: faceIds[0], person: 'ann' }]);

    expect((await pipeline.told()).map(namesIn)).toEqual([['unknown'], undefined]);
    expect(facesOf(pipeline, 'ann')).toEqual([]);
  });

  it('is over when tag hears of it first, and spares what was indexed anew', async () => {
    const faceIds = await annInPhoto();
    const { deleteFaces: stored } = pipeline.registry;
    pipeline.registry.deleteFaces = async () => {};
    await remove(faceIds, 'delete');
    pipeline.registry.deleteFaces = stored;
    const late = [...pipeline.tags.messages];

    expect((await pipeline.told()).map(namesIn)).toEqual([['unknown'], undefined]);
    expect(pipeline.registry.faces.has(faceIds[0]!)).toBe(false);

    pipeline.clock += 1000;
    await index(pipeline, '10@40');
    pipeline.tags.messages.push(...late);
    await pipeline.told();
    expect(pipeline.registry.faces.has(faceIds[0]!)).toBe(true);
  });
});
