import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Archive, type PhotoEvent } from '../../docs/events/archive.ts';
import { Door, type DoorEvent } from '../../docs/events/door.ts';
import { forgetPerson } from '../../lib/core/forget.ts';
import { Pipeline } from '../core/pipeline.ts';

const photos = ['photos/a.jpg', 'photos/b.jpg'];
const people = ['alice', 'bob'];
/** Faces by their angle (those within some degrees are one person's) and side; without a face, and none that can be decoded. */
const pictures = ['10@40', '100@40', '10@40 100@40', 'a landscape', '!'];

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: fc.constantFrom(...photos), picture: fc.constantFrom(...pictures) }) },
  {
    weight: 4,
    arbitrary: fc.record({ enrol: fc.constantFrom(...people), picture: fc.constantFrom('10@40', '100@40') }),
  },
  { weight: 1, arbitrary: fc.record({ remove: fc.constantFrom(...photos) }) },
  { weight: 1, arbitrary: fc.record({ forget: fc.constantFrom(...people) }) },
);

/** Plays what happens to photos and people; answers the events as the bus has them, each with its own time. */
async function play(pipeline: Pipeline, steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]) {
  for (const [i, what] of steps.entries()) {
    if ('put' in what) await pipeline.follow(pipeline.put(what.put, what.picture));
    else if ('enrol' in what) await pipeline.follow(pipeline.put(`people/${what.enrol}/${i}.jpg`, what.picture));
    else if ('remove' in what) await pipeline.follow(pipeline.remove(what.remove));
    else {
      const forgotten = forgetPerson({ ...pipeline, bucket: 'photos' }, 'main', what.forget);
      await forgotten.catch((error: unknown) => expect(error).toMatchObject({ code: 'PERSON_NOT_FOUND' }));
      await pipeline.follow();
    }
  }
  return pipeline.bus.events.map(({ type, detail }, i) => {
    const time = new Date(Date.parse('2026-01-01') + i).toISOString();
    return { 'detail-type': type, detail: { ...detail, time } } as PhotoEvent;
  });
}

/** Who is in a photo by the table. */
function peopleIn({ registry }: Pipeline, key: string): string[] {
  const faces = [...registry.faces.values()].filter(({ source }) => source?.key === key);
  return [...new Set(faces.flatMap(({ match }) => match?.person ?? []))].sort();
}

describe('the archive of docs/events', () => {
  it('has the names that the table has, in whichever order and however often the events come', async () => {
    const deliveries = fc.tuple(fc.array(step, { minLength: 4, maxLength: 12 }), fc.infiniteStream(fc.nat()));
    let named = 0;
    await fc.assert(
      fc.asyncProperty(deliveries, async ([steps, chance]) => {
        const pipeline = new Pipeline();
        const events = await play(pipeline, steps);
        const twice = [...events, ...events].map((event) => ({ event, at: chance.next().value as number }));
        const archive = new Archive();
        for (const { event } of twice.sort((a, b) => a.at - b.at)) archive.take(event);
        for (const key of photos) {
          expect(archive.peopleIn(key)).toEqual(peopleIn(pipeline, key));
          named += archive.peopleIn(key).length;
        }
      }),
      { numRuns: 150 },
    );
    expect(named).toBeGreaterThan(50);
  });
});

describe('the door of docs/events', () => {
  const taken = '2026-01-01T08:00:00Z';
  const now = Date.parse(taken) + 2000;
  const alice = { person: 'alice', similarity: 99.4 };
  const seen = (...identities: DoorEvent['detail']['faces'][number]['identity'][]): DoorEvent => ({
    'detail-type': 'Image Indexed',
    detail: { image: { key: `photos/door/${taken}.jpg` }, faces: identities.map((identity) => ({ identity })) },
  });

  it('opens to somebody who is surely known, once', () => {
    const door = new Door();
    expect(door.opensTo(seen(alice), now)).toBe('alice');
    expect(door.opensTo(seen(alice), now)).toBeUndefined();
  });

  it.each([
    ['nobody known', seen(null)],
    ['nobody at all', seen()],
    ['two at once', seen(alice, null)],
    ['somebody not sure enough', seen({ ...alice, similarity: 98 })],
    ['somebody who could be somebody else', seen({ ...alice, ambiguous: [{ person: 'bob' }] })],
    ['a photo of elsewhere', { ...seen(alice), detail: { ...seen(alice).detail, image: { key: 'photos/party.jpg' } } }],
    ['a photo that was rejected', { ...seen(alice), 'detail-type': 'Image Rejected' }],
  ])('stays closed to %s', (_, event) => {
    expect(new Door().opensTo(event, now)).toBeUndefined();
  });

  it('stays closed when a photo is published again because somebody was enrolled later', () => {
    const door = new Door();
    expect(door.opensTo(seen(null), now)).toBeUndefined();
    expect(door.opensTo(seen(alice), now)).toBeUndefined();
    expect(new Door().opensTo(seen(alice), now + 60_000)).toBeUndefined();
  });
});
