import { copyFileSync, mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventSchemas, type FacenetEvent } from '../../lib/core/events.ts';
import { followEvents } from '../../local/follow-events.ts';
import { form, portrait, RunningStack, sample } from './running-stack.ts';

/** Faces as the detector finds them. The woman on the right of sample 1 is the one in the middle of sample 3, on another evening. */
const adaInSample3 = { left: 1057, top: 198, width: 228, height: 307 };
const adaInSample1 = { left: 1478, top: 212, width: 204, height: 231 };
const eveInSample1 = { left: 411, top: 354, width: 188, height: 248 };

let running: RunningStack;
let ada: Buffer;
let party: Buffer;

beforeAll(async () => {
  running = await RunningStack.start();
  ada = await portrait(3, adaInSample3);
  party = await readFile(sample(1));
});
afterAll(() => running.close());

const namesIn = (event: FacenetEvent | undefined) =>
  event?.type === 'Image Indexed' ? event.detail.faces.map(({ identity }) => identity?.person) : undefined;

describe('the pipeline on this machine, with real models', () => {
  it('knows a person again from one photo', async () => {
    const enrolled = await running.follow('people/ada/1.jpg', ada);
    expect(enrolled).toMatchObject([{ type: 'Person Enrolled', detail: { person: 'ada', collection: 'main' } }]);

    const indexed = await running.follow('photos/party.jpg', party);
    expect(indexed).toHaveLength(1);
    const [event] = indexed;
    expect(eventSchemas['Image Indexed'].parse(event!.detail)).toEqual(event!.detail);
    expect(namesIn(event)?.filter(Boolean)).toEqual(['ada']);
    expect(namesIn(event)).toHaveLength(3);
    const known = event!.type === 'Image Indexed' && event!.detail.faces.find(({ identity }) => identity);
    expect(known).toMatchObject({ box: { left: expect.closeTo(adaInSample1.left, -1) } });
  });

  it('takes a file that is copied into the folder for an upload', async () => {
    // In one go: the stack runs in this process, and must not take a half of it for the photo.
    mkdirSync(join(running.stack.folder, 'photos'), { recursive: true });
    copyFileSync(sample(6), join(running.stack.folder, 'photos', 'by hand.jpg'));
    const arrived = new Promise<void>((resolve) => {
      const stop = running.stack.events.onEvent(() => {
        stop();
        resolve();
      });
    });
    await arrived;
    expect(await running.settle()).toMatchObject([
      { type: 'Image Indexed', detail: { image: { key: 'photos/by hand.jpg' } } },
    ]);
  });

  it('answers verify, search, identify, people and faces over HTTP', async () => {
    const verified = await running.ask('POST', '/v1/verify', form({ source: ada, person: 'ada' }));
    expect(verified).toMatchObject({ status: 200, answer: { verified: true, model: 'mobilefacenet-ensemble' } });
    const others = await running.ask(
      'POST',
      '/v1/verify',
      form({ source: ada, target: await portrait(1, eveInSample1) }),
    );
    expect(others.answer.verified).toBe(false);
    const found = await running.ask('POST', '/v1/search', form({ image: ada }));
    expect(found.answer.identity).toMatchObject({ person: 'ada' });
    expect(found.answer.faces.map(({ key }: { key: string }) => key)).toEqual(['people/ada/1.jpg', 'photos/party.jpg']);
    const identified = await running.ask('POST', '/v1/identify', form({ imageKey: 'photos/party.jpg' }));
    expect(identified.answer.faces.filter((face: { identity: unknown }) => face.identity)).toHaveLength(1);
    expect((await running.ask('GET', '/v1/people')).answer).toMatchObject({ people: [{ person: 'ada' }] });
    expect((await running.ask('GET', '/v1/faces?person=ada')).answer.faces).toHaveLength(2);
    expect(await running.ask('GET', '/health')).toMatchObject({ status: 200, answer: { status: 'ok' } });
  });

  it('refuses a request that is too large by its length', async () => {
    const { status, answer } = await running.ask('POST', '/v1/detect', new Blob([new Uint8Array(51 * 1024 * 1024)]));
    expect({ status, code: answer.code }).toEqual({ status: 413, code: 'REQUEST_TOO_LARGE' });
  });

  it('has all of it again after a restart', async () => {
    await running.restart();
    expect((await running.ask('POST', '/v1/search', form({ image: ada }))).answer.identity).toMatchObject({
      person: 'ada',
    });
    const again = await running.follow('photos/again.jpg', party);
    expect(namesIn(again[0])).toContain('ada');
  });

  it('tells whoever follows the events', async () => {
    const stop = new AbortController();
    const events = await followEvents(running.stack.api, stop.signal);
    await running.put('photos/heard.jpg', await readFile(sample(4)));
    const { value } = await events.next();
    stop.abort();
    expect(value).toMatchObject({ type: 'Image Indexed', detail: { image: { key: 'photos/heard.jpg' } } });
    await running.settle();
  });

  it('names somebody in photos that were there before', async () => {
    const events = await running.follow('people/eve/1.jpg', await portrait(1, eveInSample1));
    expect(events[0]).toMatchObject({ type: 'Person Enrolled', detail: { person: 'eve' } });
    for (const key of ['photos/party.jpg', 'photos/again.jpg']) {
      const renamed = events.find(({ type, detail }) => type === 'Image Indexed' && detail.image.key === key);
      expect(namesIn(renamed)?.filter(Boolean).sort()).toEqual(['ada', 'eve']);
    }
  });

  it('forgets a person, and takes the name out of every photo', async () => {
    expect(await running.ask('DELETE', '/v1/people/ada')).toMatchObject({ status: 200, answer: { photos: 1 } });
    const events = await running.settle();
    const indexed = events.filter(({ type }) => type === 'Image Indexed');
    expect(indexed.map(({ detail }) => detail.image.key)).toContain('photos/party.jpg');
    expect(indexed.flatMap(namesIn)).not.toContain('ada');
    expect(events.at(-1)).toMatchObject({ type: 'Faces Erased', detail: { reason: 'removed' } });
    expect((await running.ask('POST', '/v1/search', form({ image: ada }))).answer.identity).toBeNull();
    expect((await running.ask('GET', '/v1/people/ada')).answer.code).toBe('PERSON_NOT_FOUND');
  });

  it('forgets a photo', async () => {
    expect((await running.ask('DELETE', '/v1/photos/photos/party.jpg')).status).toBe(200);
    expect(await running.settle()).toMatchObject([{ type: 'Faces Erased' }]);
    expect((await running.ask('DELETE', '/v1/photos/photos/party.jpg')).answer.code).toBe('PHOTO_NOT_FOUND');
  });
});
