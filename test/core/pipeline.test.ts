import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventSchemas, type FacenetEvent } from '../../lib/core/events.ts';
import { forgetPerson, forgetPhoto } from '../../lib/core/forget.ts';
import { imageIdOf } from '../../lib/core/ids.ts';
import type { FaceRecord, Match } from '../../lib/core/records.ts';
import { vectorAt } from './fakes.ts';
import { Pipeline } from './pipeline.ts';

let pipeline: Pipeline;
beforeEach(() => {
  pipeline = new Pipeline();
});

const types = (events: readonly FacenetEvent[]) => events.map((event) => event.type);
const namesIn = (event: FacenetEvent | undefined) =>
  event?.type === 'Image Indexed' ? event.detail.faces.map((face) => face.identity?.person ?? 'unknown') : undefined;
const statusOf = (key: string) => pipeline.registry.images.get(imageIdOf('photos', key))?.status;
const forgetPorts = () => ({ ...pipeline, bucket: 'photos' });

describe('a photo that enrols', () => {
  it('makes its largest face the person, and says so', async () => {
    const events = await pipeline.follow(pipeline.put('people/alice/a.jpg', '90@20 10@40 200@30'));
    expect(types(events)).toEqual(['Person Enrolled']);
    expect(events[0]).toMatchObject({ detail: { person: 'alice', face: { box: { width: 40 } } } });
    expect(pipeline.registry.people.get('main/alice')?.faceIds).toHaveLength(1);
    expect(statusOf('people/alice/a.jpg')).toBe('enrolled');
  });

  it('is rejected without a face', async () => {
    const events = await pipeline.follow(pipeline.put('people/alice/a.jpg', 'a landscape'));
    expect(events).toMatchObject([{ type: 'Image Rejected', detail: { code: 'NO_FACE' } }]);
    expect(statusOf('people/alice/a.jpg')).toBe('rejected');
  });

  it('is rejected when its face is too poor to know anybody by, and says why', async () => {
    const events = await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@12'));
    expect(events).toMatchObject([
      {
        type: 'Image Rejected',
        detail: { code: 'POOR_QUALITY', reason: expect.stringMatching(/pixels wide, received one of 12/) },
      },
    ]);
    expect(pipeline.registry.people.size).toBe(0);
  });

  it('tells what the pixels of its face are good for', async () => {
    const [event] = await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
    const [face] = await pipeline.registry.faces.values();
    expect(face?.quality).toMatchObject({ size: 40, sharpness: expect.any(Number), brightness: expect.any(Number) });
    expect(event).toMatchObject({ detail: { face: { quality: face?.quality } } });
  });

  it('is rejected when it lies in nobody’s folder', async () => {
    const events = await pipeline.follow(pipeline.put('people/a.jpg', '10@40'));
    expect(events).toMatchObject([{ type: 'Image Rejected', detail: { code: 'KEY_WITHOUT_PERSON' } }]);
  });
});

describe('a photo that is indexed', () => {
  it('has every face named or unknown', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('people/bob/b.jpg', '120@40'));
    const [event] = await pipeline.follow(pipeline.put('photos/party.jpg', '12@40 118@35 250@30'));
    expect(namesIn(event)).toEqual(['alice', 'bob', 'unknown']);
    expect(statusOf('photos/party.jpg')).toBe('indexed');
  });

  it('of nobody gives an event without faces', async () => {
    const [event] = await pipeline.follow(pipeline.put('photos/sea.jpg', 'waves'));
    expect(event).toMatchObject({ type: 'Image Indexed', detail: { faces: [] } });
  });

  it('is embedded in one inference', async () => {
    await pipeline.follow(pipeline.put('photos/party.jpg', '12@40 118@35 250@30'));
    expect(pipeline.embedder.batches).toEqual([3]);
  });

  it.each([
    ['an empty object', '', 'EMPTY_IMAGE'],
    ['a broken file', '!', 'CORRUPT_IMAGE'],
  ])('is rejected when it is %s, and not tried again', async (_name, bytes, code) => {
    const change = pipeline.put('photos/bad.jpg', bytes);
    expect(await pipeline.follow(change)).toMatchObject([{ type: 'Image Rejected', detail: { code } }]);
    expect(await pipeline.follow(change)).toEqual([]);
  });

  it('is no photo when it is a folder marker, which is reported and not recorded', async () => {
    const events = await pipeline.follow(pipeline.put('photos/', ''));
    expect(events).toMatchObject([{ type: 'Image Rejected', detail: { code: 'FOLDER_MARKER' } }]);
    expect(pipeline.registry.images.size).toBe(0);
  });

  it('is left alone elsewhere in the bucket', async () => {
    expect(await pipeline.detect(pipeline.put('thumbnails/a.jpg', '10@40'))).toBe('ignored');
  });

  it('keeps to its collection', async () => {
    await pipeline.follow(pipeline.put('collections/staff/people/alice/a.jpg', '10@40'));
    const [event] = await pipeline.follow(pipeline.put('photos/a.jpg', '10@40'));
    expect(namesIn(event)).toEqual(['unknown']);
  });
});

describe('who comes later', () => {
  it('is found in the photos that are through, which are published again', async () => {
    await pipeline.follow(pipeline.put('photos/party.jpg', '12@40 250@30'));
    const events = await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
    expect(types(events)).toEqual(['Person Enrolled', 'Image Indexed']);
    expect(namesIn(events[1])).toEqual(['alice', 'unknown']);
  });

  it('and is nearer takes a face over', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('photos/p.jpg', '25@40'));
    const events = await pipeline.follow(pipeline.put('people/anna/b.jpg', '24@40'));
    expect(namesIn(events[1])).toEqual(['anna']);
  });

  it('and is nearly as near as who was named before has the photo published again', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('photos/a.jpg', '10@40'));

    const events = await pipeline.follow(pipeline.put('people/bob/a.jpg', '12@40'));

    expect(types(events)).toEqual(['Person Enrolled', 'Image Indexed']);
    expect(events[1]).toMatchObject({
      detail: { faces: [{ identity: { person: 'alice', ambiguous: [{ person: 'bob' }] } }] },
    });
  });

  it('and changes no name publishes nothing again', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('photos/p.jpg', '14@40'));
    expect(types(await pipeline.follow(pipeline.put('people/alice/b.jpg', '13@40')))).toEqual(['Person Enrolled']);
  });

  it('is found also while the vector index does not have them yet', async () => {
    await pipeline.follow(pipeline.put('photos/a.jpg', '10@40'));
    const nearest = pipeline.registry.nearest.bind(pipeline.registry);
    pipeline.registry.nearest = async (query) => (query.role === 'person' ? [] : nearest(query));

    const events = await pipeline.follow(pipeline.put('people/alice/a.jpg', '11@40'));

    expect(namesIn(events[1])).toEqual(['alice']);
  });

  it('and is nearly as near as who is named is mentioned in the event', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('people/bob/a.jpg', '12@40'));

    const [event] = await pipeline.follow(pipeline.put('photos/a.jpg', '10@40 90@30'));

    const faces = event?.type === 'Image Indexed' ? event.detail.faces : [];
    expect(faces.map(({ identity }) => identity?.ambiguous?.map(({ person }) => person))).toEqual([['bob'], undefined]);
    expect(() => eventSchemas['Image Indexed'].parse(event?.detail)).not.toThrow();
    // It is not stored: it would outlast the person.
    expect(JSON.stringify([...pipeline.registry.faces.values()].map(({ match }) => match))).not.toContain('bob');
  });

  it('while a photo is being named is not lost', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
    await pipeline.detect(pipeline.put('photos/p.jpg', '30@40'));
    await pipeline.embed();
    const setMatch = pipeline.registry.setMatch.bind(pipeline.registry);
    let raced = false;
    pipeline.registry.setMatch = async (face, match) => {
      if (!raced) {
        raced = true;
        const other: Match = { person: 'bob', faceId: 'of bob', distance: 0, similarity: 100 };
        await setMatch(face, other);
      }
      return setMatch(face, match);
    };
    await pipeline.tag();
    expect(namesIn(pipeline.bus.events.at(-1))).toEqual(['alice']);
    expect([...pipeline.registry.faces.values()].find((face) => face.role === 'photo')?.match?.person).toBe('alice');
  });
});

describe('the same photo', () => {
  it('ten times under one key is the same items and one event', async () => {
    const change = pipeline.put('photos/p.jpg', '10@40 90@30');
    const events = await pipeline.follow(...Array.from({ length: 10 }, () => change));
    expect(new Set(events.map((event) => event.detail.id)).size).toBe(1);
    expect(pipeline.registry.faces.size).toBe(2);
  });

  it('delivered again when it is through does nothing', async () => {
    const change = pipeline.put('photos/p.jpg', '10@40');
    await pipeline.follow(change);
    expect(await pipeline.detect(change)).toBe('done');
    expect(pipeline.registry.faces.size).toBe(1);
  });

  it('under ten keys is ten images', async () => {
    const changes = Array.from({ length: 10 }, (_, i) => pipeline.put(`photos/${i}.jpg`, '10@40'));
    const events = await pipeline.follow(...changes);
    expect(new Set(events.map((event) => event.detail.id)).size).toBe(10);
  });
});

describe('a photo that is replaced', () => {
  it('loses the faces of its former version, and says which', async () => {
    await pipeline.follow(pipeline.put('photos/p.jpg', '10@40 90@30'));
    const former = [...pipeline.registry.faces.keys()];
    const events = await pipeline.follow(pipeline.put('photos/p.jpg', '200@40'));
    expect(types(events)).toEqual(['Faces Erased', 'Image Indexed']);
    expect(events[0]).toMatchObject({ detail: { reason: 'replaced', faceIds: former } });
    expect([...pipeline.registry.faces.values()].map((face) => face.embedding)).toEqual([vectorAt(200)]);
  });

  it('while its first version is in the queue is indexed once, as it is now', async () => {
    const first = pipeline.put('photos/p.jpg', '10@40');
    const second = pipeline.put('photos/p.jpg', '200@40');
    expect(await pipeline.detect(first)).toBe('superseded');
    const events = await pipeline.follow(second);
    expect(types(events)).toEqual(['Image Indexed']);
    expect(pipeline.registry.faces.size).toBe(1);
  });

  it('while its first version’s faces are in the queue does not keep them', async () => {
    await pipeline.detect(pipeline.put('photos/p.jpg', '10@40'));
    const late = pipeline.faces.messages.splice(0);
    await pipeline.follow(pipeline.put('photos/p.jpg', '200@40'));
    pipeline.faces.messages.push(...late);
    expect(await pipeline.embed()).toEqual([{ status: 'fulfilled', value: 'superseded' }]);
    expect([...pipeline.registry.faces.values()].map((face) => face.embedding)).toEqual([vectorAt(200)]);
  });

  it('ends as the newest version says, in whatever order its changes come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: 0, max: 359 }), fc.constant(undefined)), { minLength: 1, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        async (versions, order) => {
          const run = new Pipeline();
          const changes = versions.map((angle) =>
            angle === undefined ? run.remove('photos/p.jpg') : run.put('photos/p.jpg', `${angle}@40`),
          );
          const twice = [...changes, ...changes].map((change) => ({ change, at: order.next().value }));
          twice.sort((a, b) => a.at - b.at);
          for (const { change } of twice) {
            await run.detect(change);
            if (order.next().value % 2) await run.embed();
            if (order.next().value % 2) await run.tag();
          }
          await run.follow();
          const last = versions.at(-1);
          const left = [...run.registry.faces.values()].map((face) => [...face.embedding]);
          expect(left).toEqual(last === undefined ? [] : [[...vectorAt(last)]]);
        },
      ),
    );
  });
});

describe('what is erased', () => {
  it('is gone when its photo is removed', async () => {
    await pipeline.follow(pipeline.put('photos/p.jpg', '10@40'));
    const events = await pipeline.follow(pipeline.remove('photos/p.jpg'));
    expect(events).toMatchObject([{ type: 'Faces Erased', detail: { reason: 'removed' } }]);
    expect(pipeline.registry.faces.size).toBe(0);
  });

  it('stays gone when the word of the upload comes late', async () => {
    const upload = pipeline.put('photos/p.jpg', '10@40');
    await pipeline.follow(pipeline.remove('photos/p.jpg'));
    expect(await pipeline.detect(upload)).toBe('superseded');
    expect(pipeline.registry.faces.size).toBe(0);
  });

  it('leaves no key and no name behind in the registry', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
    await pipeline.follow(pipeline.remove('people/alice/a.jpg'));
    expect(JSON.stringify([...pipeline.registry.images.values(), ...pipeline.registry.people.values()])).not.toMatch(
      /alice/,
    );
  });

  it('takes the person’s name out of every photo', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('photos/p.jpg', '12@40'));
    await forgetPerson(forgetPorts(), 'main', 'alice');
    const events = await pipeline.follow();
    expect(types(events)).toEqual(['Image Indexed', 'Faces Erased']);
    expect(namesIn(events[0])).toEqual(['unknown']);
    expect(pipeline.store.objects.has('people/alice/a.jpg')).toBe(false);
    expect(pipeline.registry.people.size).toBe(0);
  });

  it('gives a face to the next nearest person', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('people/bob/b.jpg', '30@40'));
    await pipeline.follow(pipeline.put('photos/p.jpg', '15@40'));
    const events = await pipeline.follow(pipeline.remove('people/alice/a.jpg'));
    expect(namesIn(events[0])).toEqual(['bob']);
  });

  it('by hand stays gone when the bucket’s word comes again', async () => {
    const upload = pipeline.put('photos/p.jpg', '10@40');
    await pipeline.follow(upload);
    await forgetPhoto(forgetPorts(), 'photos/p.jpg');
    expect(await pipeline.detect(upload)).toBe('superseded');
    expect(pipeline.registry.faces.size).toBe(0);
  });

  it('asked for twice is not found the second time', async () => {
    await pipeline.follow(pipeline.put('photos/p.jpg', '10@40'));
    await forgetPhoto(forgetPorts(), 'photos/p.jpg');
    await expect(forgetPhoto(forgetPorts(), 'photos/p.jpg')).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
    await expect(forgetPerson(forgetPorts(), 'main', 'nobody')).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
  });
});

describe('an outage', () => {
  it('of the model fails every face of the batch and stores none', async () => {
    await pipeline.detect(pipeline.put('photos/p.jpg', '10@40 90@30'));
    pipeline.embedder.failure = new Error('out of memory');
    expect((await pipeline.embed()).map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(pipeline.registry.faces.size).toBe(0);
  });

  it('of one message fails that message alone', async () => {
    await pipeline.detect(pipeline.put('photos/p.jpg', '10@40 90@30'));
    pipeline.faces.messages[0] = { ...pipeline.faces.messages[0]!, crop: { size: 2, pixels: 'AAAA' } };
    expect((await pipeline.embed()).map((result) => result.status)).toEqual(['rejected', 'fulfilled']);
  });

  it('of the bus loses no event: the message comes again and gives the same id', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
    await pipeline.detect(pipeline.put('photos/p.jpg', '12@40'));
    await pipeline.embed();
    const [message] = pipeline.tags.messages;
    const publish = pipeline.bus.publish.bind(pipeline.bus);
    pipeline.bus.publish = () => Promise.reject(new Error('no bus'));
    await expect(pipeline.tag()).rejects.toThrow('no bus');
    pipeline.bus.publish = publish;
    pipeline.tags.messages = [message!, message!];
    const events = await pipeline.follow();
    expect(events.map(namesIn)).toEqual([['alice'], ['alice']]);
    expect(events[0]?.detail.id).toBe(events[1]?.detail.id);
  });
});

describe('every event', () => {
  it('fits its schema', async () => {
    await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'), pipeline.put('photos/p.jpg', '12@40 200@30'));
    await pipeline.follow(pipeline.put('photos/bad.jpg', '!'), pipeline.remove('people/alice/a.jpg'));
    expect(new Set(types(pipeline.bus.events)).size).toBe(4);
    for (const { type, detail } of pipeline.bus.events) expect(eventSchemas[type].parse(detail)).toEqual(detail);
  });
});

it('never compares vectors of different models', async () => {
  await pipeline.follow(pipeline.put('people/alice/a.jpg', '10@40'));
  const [face] = pipeline.registry.faces.values();
  pipeline.registry.faces.set(face!.faceId, { ...(face as FaceRecord), model: 'another' });
  const [event] = await pipeline.follow(pipeline.put('photos/p.jpg', '10@40'));
  expect(namesIn(event)).toEqual(['unknown']);
});
