import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../lib/core/errors.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { pngBomb } from '../adapters/odd-images.ts';
import { form, portrait, RunningStack } from './running-stack.ts';

const face = { left: 1057, top: 198, width: 228, height: 307 };

let running: RunningStack;
/** A JPEG with one face. */
let photo: Buffer;

beforeAll(async () => {
  running = await RunningStack.start();
  photo = await portrait(3, face);
});
afterAll(() => running.close());

/** The photo as a camera that was held in one of EXIF's eight ways stores it. */
async function heldAs(orientation: number): Promise<Buffer> {
  const upright = sharp(photo);
  const turned = [
    upright,
    upright.clone().flop(),
    upright.clone().rotate(180),
    upright.clone().flip(),
    sharp(await upright.clone().rotate(90).toBuffer()).flop(),
    upright.clone().rotate(270),
    sharp(await upright.clone().rotate(270).toBuffer()).flop(),
    upright.clone().rotate(90),
  ][orientation - 1]!;
  return turned.withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
}

const animation = (format: 'gif' | 'webp') => async () => {
  const frames = [await sharp(photo).resize(220, 300, { fit: 'fill' }).toBuffer(), await blank(220, 300)];
  return sharp(frames, { join: { animated: true } })
    [format]()
    .toBuffer();
};
const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#789' } })
    .jpeg()
    .toBuffer();

describe('what cannot be used comes out as a rejection with its code', () => {
  const rejected: readonly [name: string, code: ErrorCode, bytes: () => Uint8Array | Promise<Uint8Array>][] = [
    ['a text file called .jpg', 'UNSUPPORTED_IMAGE_FORMAT', () => Buffer.from('not a photo at all')],
    ['a truncated JPEG', 'CORRUPT_IMAGE', () => photo.subarray(0, photo.length / 2)],
    ['one pixel', 'IMAGE_TOO_SMALL', () => blank(1, 1)],
    ['a PNG of 30,000 × 30,000', 'TOO_MANY_PIXELS', () => pngBomb(30_000, 30_000)],
    ['an empty object', 'EMPTY_IMAGE', () => Buffer.alloc(0)],
  ];

  it.each(rejected)('%s: %s', async (name, code, bytes) => {
    const key = `photos/${name}.jpg`;
    expect(await running.follow(key, await bytes())).toMatchObject([
      { type: 'Image Rejected', detail: { image: { key }, code, reason: expect.stringMatching(/^Expected .+\./) } },
    ]);
  });

  it.each(rejected)('%s in a request: %s', async (_, code, bytes) => {
    const { status, answer } = await running.ask('POST', '/v1/detect', form({ image: await bytes() }));
    expect(answer).toMatchObject({ code, status, retryable: false });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('a photo without a face that should enrol somebody: NO_FACE', async () => {
    expect(await running.follow('people/nobody/1.jpg', await blank(300, 200))).toMatchObject([
      { type: 'Image Rejected', detail: { code: 'NO_FACE' } },
    ]);
    expect((await running.ask('GET', '/v1/people/nobody')).answer.code).toBe('PERSON_NOT_FOUND');
  });

  it('a photo that belongs to nobody: KEY_WITHOUT_PERSON', async () => {
    expect(await running.follow('people/stray.jpg', photo)).toMatchObject([
      { type: 'Image Rejected', detail: { code: 'KEY_WITHOUT_PERSON' } },
    ]);
  });

  it('a folder marker: FOLDER_MARKER', async () => {
    expect(await running.follow('photos/2026/', '')).toMatchObject([
      { type: 'Image Rejected', detail: { code: 'FOLDER_MARKER' } },
    ]);
  });
});

describe('what is odd, but a photo, is indexed', () => {
  const taken: readonly [name: string, faces: number, bytes: () => Promise<Uint8Array>][] = [
    ['an animated GIF', 1, animation('gif')],
    ['an animated WebP', 1, animation('webp')],
    ['a CMYK JPEG', 1, () => sharp(photo).toColourspace('cmyk').jpeg().toBuffer()],
    ['a 16-bit PNG with alpha', 1, () => sharp(photo).ensureAlpha(0.9).toColourspace('rgb16').png().toBuffer()],
    ['a photo without a face', 0, () => blank(300, 200)],
  ];

  it.each(taken)('%s, with %i faces', async (name, faces, bytes) => {
    const [event] = await running.follow(`photos/${name}`, await bytes());
    expect(event).toMatchObject({ type: 'Image Indexed' });
    expect(facesIn(event)).toHaveLength(faces);
  });

  it('a photo in each of the eight EXIF orientations, with the same face at the same place', async () => {
    const keys = [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => `photos/held/${orientation}.jpg`);
    for (const [i, key] of keys.entries()) await running.put(key, await heldAs(i + 1));
    const events = await running.settle();
    expect(events.map(({ detail }) => detail.image.key).sort()).toEqual(keys);
    const { width, height } = await sharp(photo).metadata();
    const [first] = facesIn(events[0]);
    for (const event of events) {
      expect(event.detail).toMatchObject({ width, height });
      const [found] = facesIn(event);
      expect(Math.abs(found!.box.left - first!.box.left)).toBeLessThan(0.05 * first!.box.width);
      expect(Math.abs(found!.box.top - first!.box.top)).toBeLessThan(0.05 * first!.box.width);
    }
  });
});

describe('names', () => {
  it.each([
    'with spaces',
    'with+plus&amp;',
    `with "quotes" and 'single' ones`,
    'Ærøskøbing Šárka',
    '山田太郎',
    'مريم',
    '100% <b>#1?',
    'a%2Fb',
    '👩‍🚀',
  ])('%s are kept to the letter, in keys, events, answers and when they are forgotten', async (name) => {
    const key = `collections/names/people/${name}/${name}.jpg`;
    expect(await running.follow(key, photo)).toMatchObject([
      { type: 'Person Enrolled', detail: { person: name, image: { key } } },
    ]);
    const { answer } = await running.ask('POST', '/v1/verify?collection=names', form({ source: photo, person: name }));
    expect(answer).toMatchObject({ verified: true, person: { name } });
    const path = `/v1/people/${encodeURIComponent(name)}?collection=names`;
    expect((await running.ask('DELETE', path)).answer).toEqual({ photos: 1 });
    expect(await running.settle()).toMatchObject([{ type: 'Faces Erased', detail: { image: { key } } }]);
  });

  it('slashes in the names of files are folders', async () => {
    const key = 'photos/2026/summer/at the/lake.jpg';
    expect(await running.follow(key, photo)).toMatchObject([{ type: 'Image Indexed', detail: { image: { key } } }]);
  });

  it('a file that is put into the folder under a name with spaces and accents is the key of that name', async () => {
    const folder = join(running.stack.folder, 'collections', 'by hand', 'people', 'Zoë Ünsal');
    await mkdir(folder, { recursive: true });
    const arrived = new Promise<void>((resolve) => {
      const stop = running.stack.events.onEvent(() => {
        stop();
        resolve();
      });
    });
    // In one go: the stack runs in this process, and must not take a half of it for the photo.
    writeFileSync(join(folder, 'on a beach.jpg'), photo);
    await arrived;
    expect(await running.settle()).toMatchObject([{ type: 'Person Enrolled', detail: { person: 'Zoë Ünsal' } }]);
  });

  it('other keys are left alone', async () => {
    expect(await running.follow('backup/archive.zip', 'PK')).toEqual([]);
  });
});

describe('photos that come more than once', () => {
  it('the same photo under one key ten times is one photo with one face', async () => {
    for (let i = 0; i < 10; i++) await running.put('photos/repeated.jpg', photo);
    const events = await running.settle();
    const last = events.filter(({ type }) => type === 'Image Indexed').at(-1)!;
    const stored = await facesOf('photos/repeated.jpg');
    expect(stored).toEqual(facesIn(last).map(({ faceId }) => faceId));
    expect(stored).toHaveLength(1);
  });

  it('the same photo under ten keys is ten photos', async () => {
    for (let i = 0; i < 10; i++) await running.put(`photos/copies/${i}.jpg`, photo);
    const events = await running.settle();
    expect(new Set(events.map(({ detail }) => detail.image.imageId)).size).toBe(10);
    expect(events.every((event) => facesIn(event).length === 1)).toBe(true);
  });

  it('of a photo that is replaced while its first version waits, only the second is left', async () => {
    await running.put('photos/replaced.jpg', photo);
    await running.put('photos/replaced.jpg', await blank(400, 300));
    const events = (await running.settle()).filter(({ type }) => type === 'Image Indexed');
    expect(events.at(-1)).toMatchObject({ detail: { width: 400, height: 300, faces: [] } });
    expect(await facesOf('photos/replaced.jpg')).toEqual([]);
  });
});

function facesIn(event: FacenetEvent | undefined) {
  return event?.type === 'Image Indexed' ? event.detail.faces : [];
}

/** The ids of the faces that are stored of a key. */
async function facesOf(key: string): Promise<string[]> {
  const { answer } = await running.ask('GET', '/v1/faces?limit=1000');
  return answer.faces.filter((stored: { key: string }) => stored.key === key).map((f: { faceId: string }) => f.faceId);
}
