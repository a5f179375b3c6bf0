import { execFile } from 'node:child_process';
import { access, copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../../local/api-client.ts';
import { findStack } from '../../../local/stack-file.ts';
import { portrait, RunningStack, sample } from '../running-stack.ts';
import { facenet, type Outcome } from './facenet.ts';

/** Faces as the detector finds them. */
const adaInSample3 = { left: 1057, top: 198, width: 228, height: 307 };
const adaInSample1 = { left: 1478, top: 212, width: 204, height: 231 };
const eveInSample1 = { left: 411, top: 354, width: 188, height: 248 };

/** The commands run beside a stack that is up on the same folder, as `npm start` has it. */
let running: RunningStack;
let folder: string;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-commands-'));
  await writeFile(file('ada.jpg'), await portrait(3, adaInSample3));
  await writeFile(file('ada-again.jpg'), await portrait(1, adaInSample1));
  await writeFile(file('eve.jpg'), await portrait(1, eveInSample1));
  await writeFile(file('notes.jpg'), 'these are notes, not a photo');
  await sharp({ create: { width: 200, height: 150, channels: 3, background: '#446688' } }).toFile(file('wall.png'));
  await mkdir(file('album/2026'), { recursive: true });
  await copyFile(sample(1), file('album/2026/party 🙂.jpg'));
  await copyFile(file('wall.png'), file('album/wall.png'));
  await writeFile(file('album/readme.txt'), 'not a photo either');
  running = await RunningStack.start();
});
afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

/** On the folder of the stack that runs. */
const there = (command: string, ...args: string[]) => facenet(command, ...args, '--data', running.data);
const json = ({ stdout }: Outcome) => JSON.parse(stdout);

const number = expect.any(Number);
const uuid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
const point = [number, number];
const face = {
  box: { left: number, top: number, width: number, height: number },
  confidence: number,
  landmarks: { leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point },
  quality: { sharpness: number, brightness: number, size: number, pose: { yaw: number, pitch: number, roll: number } },
};
const photoFace = {
  ...face,
  width: number,
  height: number,
  place: 0,
  facesInPhoto: number,
  boxes: expect.any(Array),
};

describe('facenet add', () => {
  it('enrols a person of one photo', async () => {
    const { code, stdout, stderr } = await there('add', file('ada.jpg'), '--person', 'ada', '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      photos: [{ key: 'people/ada/ada.jpg', status: 'enrolled', person: 'ada', face: { faceId: uuid, ...face } }],
      seconds: number,
    });
  });

  it('indexes a folder, and tells who is in it', async () => {
    const added = await there('add', file('album'), '--json');
    expect(added.code).toBe(0);
    const { photos } = json(added);
    expect(photos.map(({ key, status }: { key: string; status: string }) => [key, status])).toEqual([
      ['photos/2026/party 🙂.jpg', 'indexed'],
      ['photos/wall.png', 'indexed'],
    ]);
    const [party, wall] = photos;
    expect(wall.faces).toEqual([]);
    expect(party.faces).toHaveLength(3);
    expect(party.faces.filter(({ identity }: { identity: object | null }) => identity)).toEqual([
      {
        faceId: uuid,
        ...face,
        identity: { person: 'ada', distance: number, similarity: number, matchedFaceId: uuid },
      },
    ]);
  });

  it('ends with 1 when a photo is rejected, and says why', async () => {
    const { code, stdout } = await there('add', file('notes.jpg'), file('eve.jpg'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^rejected +photos\/notes\.jpg: UNSUPPORTED_IMAGE_FORMAT: Expected /m);
    expect(stdout).toMatch(/^indexed +photos\/eve\.jpg: unknown$/m);
    expect(stdout).toMatch(/^1 of 2 photos taken, 1 face, 0 of them known; [\d.]+ s, [\d.]+ photos\/s$/m);
    expect(json(await there('add', file('notes.jpg'), '--json')).photos).toEqual([
      { key: 'photos/notes.jpg', status: 'rejected', code: 'UNSUPPORTED_IMAGE_FORMAT', reason: expect.any(String) },
    ]);
  });

  it('ends with 1 when nobody is in the photo that is to enrol somebody', async () => {
    const { code, stdout } = await there('add', file('wall.png'), '--person', 'nobody');
    expect(code).toBe(1);
    expect(stdout).toContain('NO_FACE');
    expect(stdout).toMatch(/^0 of 1 photo taken, /m);
  });

  it.each([
    ['a path that is not there', ['gone.jpg'], /^PHOTO_NOT_FOUND: .*gone\.jpg.* Check the path\./],
    ['a folder without photos', ['empty'], /^INVALID_REQUEST: Expected photos \(.*\.jpg.*\) in .*empty, found none/],
    ['two photos of one name', ['a/x.jpg', 'b/x.jpg'], /Name the folder that holds both/],
    ['a person of two folders', ['ada.jpg', '--person', 'ada/lovelace'], /Expected names without slashes/],
    ['a person without a name', ['ada.jpg', '--person', ''], /^INVALID_REQUEST: /],
  ])('ends with 2 on %s, before anything is uploaded', async (_, args, message) => {
    for (const name of ['empty', 'a', 'b']) await mkdir(file(name), { recursive: true });
    for (const name of ['a/x.jpg', 'b/x.jpg']) await copyFile(file('eve.jpg'), file(name));
    const before = await readdir(running.stack.folder, { recursive: true });
    const paths = args.map((arg, i) => (args[i - 1] === '--person' || arg.startsWith('--') ? arg : file(arg)));

    const { code, stdout, stderr } = await there('add', ...paths);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(await readdir(running.stack.folder, { recursive: true })).toEqual(before);
  });
});

describe('facenet people', () => {
  it('lists who is enrolled', async () => {
    const listed = await there('people', '--json');
    expect(listed.code).toBe(0);
    expect(json(listed)).toEqual({
      people: [
        {
          person: 'ada',
          collection: 'main',
          faceIds: [uuid],
          enrolledAt: expect.stringMatching(/^2\d{3}-.*Z$/),
          version: number,
        },
      ],
    });
    expect((await there('people')).stdout).toMatch(/^ada {2}1 photo, since 2/);
  });

  it('says how to begin when there is nobody, and that is no error', async () => {
    expect(await there('people', '--collection', 'other')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--person'),
    });
    expect(json(await there('people', '--collection', 'other', '--json'))).toEqual({ people: [] });
  });
});

describe('facenet search', () => {
  it('says who it is, and in which photos they are', async () => {
    const found = await there('search', file('ada-again.jpg'), '--json');
    expect(found.code).toBe(0);
    const answer = json(found);
    const ada = { person: 'ada', faceId: uuid, distance: number, similarity: number };
    expect(answer).toEqual({
      identity: { ...ada, ambiguous: [] },
      people: [ada],
      faces: expect.any(Array),
      searched: { ...photoFace, facesInPhoto: 1 },
      threshold: number,
      model: 'mobilefacenet-ensemble',
    });
    expect(answer.faces.map(({ key, role }: { key: string; role: string }) => [key, role])).toEqual([
      ['photos/2026/party 🙂.jpg', 'photo'],
      ['people/ada/ada.jpg', 'person'],
    ]);
    expect(json(await there('search', file('ada-again.jpg'), '--count', '1', '--json')).faces).toHaveLength(1);
    expect((await there('search', file('ada-again.jpg'))).stdout).toMatch(/^ada \(\d+\.\d\)\n/);
  });

  it('ends with 1 when it is nobody known', async () => {
    const found = await there('search', file('eve.jpg'), '--json');
    expect({ code: found.code, identity: json(found).identity }).toEqual({ code: 1, identity: null });
    expect(await there('search', file('eve.jpg'))).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^unknown\n/),
    });
  });

  it.each([
    ['a path that is not there', 'gone.jpg', /^PHOTO_NOT_FOUND: .* Check the path\./],
    ['a folder', 'album', /^PHOTO_NOT_FOUND: .* Check the path\./],
    ['what is no photo', 'notes.jpg', /^UNSUPPORTED_IMAGE_FORMAT: /],
    ['a photo without a face', 'wall.png', /^NO_FACE: /],
  ])('ends with 2 on %s', async (_, name, message) => {
    const { code, stdout, stderr } = await there('search', file(name), '--json');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('facenet verify', () => {
  const verification = {
    distance: number,
    similarity: number,
    threshold: number,
    model: 'mobilefacenet-ensemble',
    source: photoFace,
  };

  it('compares two photos', async () => {
    const same = await facenet('verify', file('ada.jpg'), file('ada-again.jpg'), '--json');
    expect({ code: same.code, stderr: same.stderr }).toEqual({ code: 0, stderr: '' });
    expect(json(same)).toEqual({ verified: true, ...verification, target: photoFace });
    expect(json(same).distance).toBeLessThanOrEqual(json(same).threshold);

    const other = await facenet('verify', file('ada.jpg'), file('eve.jpg'));
    expect(other.code).toBe(1);
    expect(other.stdout).toMatch(
      /^not the same person: similarity [\d.]+, distance [\d.]+ \(at most [\d.]+ is the same\)/,
    );
  });

  it('compares a photo and somebody enrolled', async () => {
    const same = await there('verify', file('ada-again.jpg'), '--person', 'ada', '--json');
    expect(same.code).toBe(0);
    expect(json(same)).toEqual({ verified: true, ...verification, person: { name: 'ada', faceId: uuid } });
    expect((await there('verify', file('eve.jpg'), '--person', 'ada')).code).toBe(1);
  });

  it.each([
    ['neither another photo nor a person', ['ada.jpg'], /received neither\. See facenet verify --help/],
    ['both', ['ada.jpg', 'eve.jpg', '--person', 'ada'], /received both/],
    ['a path that is not there', ['ada.jpg', 'gone.jpg'], /^PHOTO_NOT_FOUND: .*gone\.jpg/],
    ['a person that nobody knows', ['ada.jpg', '--person', 'zoe'], /^PERSON_NOT_FOUND: .*zoe/],
  ])('ends with 2 on %s', async (_, args, message) => {
    const { code, stdout, stderr } = await there(
      'verify',
      ...args.map((arg) => (/\.(jpg|png)$/.test(arg) ? file(arg) : arg)),
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('facenet faces', () => {
  it('finds faces, in pixels of the upright photo, and names whom the folder knows', async () => {
    const shown = await there('faces', sample(1), '--json');
    expect(shown.code).toBe(0);
    const { faces, ...photo } = json(shown);
    expect(photo).toMatchObject({ width: 1920, height: 1280 });
    expect(faces).toHaveLength(3);
    for (const one of faces) expect(one).toMatchObject(face);
    const known = faces.filter(({ identity }: { identity: object | null }) => identity);
    expect(known).toMatchObject([{ box: { left: expect.closeTo(1478, -1) }, identity: { person: 'ada' } }]);
    expect((await there('faces', file('ada.jpg'))).stdout).toMatch(
      /^220 × \d+, 1 face\n.*confidence .* sharpness \d+ {2}brightness \d+ {2}yaw -?\d+° {2}ada \(\d+\.\d\)\n$/,
    );
  });

  it('finds faces without a data folder, and makes none', async () => {
    const none = file('no-data');
    const shown = await facenet('faces', file('ada.jpg'), '--json', '--data', none);
    expect(shown.code).toBe(0);
    expect(json(shown)).toEqual({ width: 220, height: number, faces: [face] });
    await expect(access(none)).rejects.toThrow('ENOENT');
  });

  it('draws them on the photo', async () => {
    const drawn = file('drawn.jpg');
    const { code, stdout } = await there('faces', file('ada.jpg'), '--draw', drawn);
    expect(code).toBe(0);
    expect(stdout).toContain(`drawn in ${drawn}`);
    const { data: pixels, info } = await sharp(drawn).raw().toBuffer({ resolveWithObject: true });
    const before = await sharp(file('ada.jpg')).raw().toBuffer();
    expect(info).toMatchObject({ width: 220, format: 'raw', channels: 3 });
    expect((await sharp(drawn).metadata()).format).toBe('jpeg');
    const changed = pixels.filter((value, i) => Math.abs(value - before[i]!) > 60).length / pixels.length;
    expect(changed).toBeGreaterThan(0.005);
    expect(changed).toBeLessThan(0.3);
  });

  it('ends with 1 when there is no face', async () => {
    const shown = await there('faces', file('wall.png'), '--json');
    expect(shown.code).toBe(1);
    expect(json(shown)).toMatchObject({ width: 200, height: 150, faces: [] });
  });

  it.each([
    ['a path that is not there', ['gone.jpg'], /^PHOTO_NOT_FOUND: .*gone\.jpg/],
    ['a folder', ['album'], /^PHOTO_NOT_FOUND: /],
    ['what is no photo', ['notes.jpg'], /^UNSUPPORTED_IMAGE_FORMAT: /],
    ['a drawing of another format', ['ada.jpg', '--draw', 'out.gif'], /Expected a \.jpg or \.png to draw into/],
    ['a drawing in a folder that is not there', ['ada.jpg', '--draw', 'gone/out.jpg'], /Expected to write .*gone/],
  ])('ends with 2 on %s', async (_, args, message) => {
    const { code, stderr } = await there('faces', ...args.map((arg) => (arg.startsWith('--') ? arg : file(arg))));
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('facenet in a process of its own', () => {
  const run = (...args: string[]) =>
    new Promise<Outcome>((resolve) =>
      execFile(process.execPath, ['--import', 'tsx', 'local/cli.ts', ...args], (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      ),
    );

  it('talks to the stack that runs on the folder, and prints nothing but its answer', async () => {
    const { code, stdout, stderr } = await run('search', file('eve.jpg'), '--json', '--data', running.data);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ identity: null, model: 'mobilefacenet-ensemble' });
  });
});

describe('a command on a folder that no stack serves', () => {
  it('brings up a stack of its own, and ends it', async () => {
    const data = file('own');
    expect(await facenet('people', '--json', '--data', data)).toEqual({
      code: 0,
      stdout: '{\n  "people": []\n}\n',
      stderr: '',
    });
    expect(await findStack(data)).toBeUndefined();
    await expect(access(join(data, 'stack.json'))).rejects.toThrow('ENOENT');
  });

  it('says so when another process has the folder and serves nothing', async () => {
    const lock = new ClassicLevel(join(file('own'), 'dynamodb/tables'));
    await lock.open();
    const { code, stderr } = await facenet('people', '--data', file('own'));
    await lock.close();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^INVALID_CONFIG: Expected the folder .* Stop that process, or choose another folder/);
  });
});

describe('facenet start', () => {
  it('ends with 2 on a folder that is served already, and says by whom', async () => {
    const { code, stderr } = await there('start', '--port', '0', '--s3-port', '0');
    expect(code).toBe(2);
    expect(stderr).toContain(`process ${process.pid} serves it at ${running.stack.api}`);
  });
});

describe('facenet rename', () => {
  it('gives a person another name, and makes two one', async () => {
    expect(await there('rename', 'ada', 'Ada Lovelace')).toMatchObject({ code: 0, stdout: 'Ada Lovelace  1 photo\n' });
    const nobody = await there('rename', 'ada', 'eve');
    expect(nobody).toMatchObject({ code: 2, stderr: expect.stringMatching(/^PERSON_NOT_FOUND: /) });
    await running.settle();
    const client = new ApiClient(running.stack.api);
    await running.ask('POST', '/v1/people', new Blob(['{"person":"ada"}'], { type: 'application/json' }));
    const taken = await there('rename', 'Ada Lovelace', 'ada');
    expect(taken).toMatchObject({ code: 2, stderr: expect.stringMatching(/^PERSON_EXISTS: .*Merge/) });
    expect(json(await there('rename', 'Ada Lovelace', 'ada', '--merge', '--json'))).toMatchObject({ person: 'ada' });
    await running.settle();
    expect((await client.people('main')).map(({ person }) => person)).toEqual(['ada']);
  });
});

describe('facenet forget', () => {
  it('removes a photo', async () => {
    const key = 'photos/2026/party 🙂.jpg';
    expect(await there('forget', key, '--json')).toMatchObject({ code: 0, stdout: '{\n  "photos": 1\n}\n' });
    await expect(access(join(running.stack.folder, key))).rejects.toThrow('ENOENT');
    expect(await there('forget', key)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^PHOTO_NOT_FOUND: /) });
  });

  it('removes a person', async () => {
    expect(await there('forget', 'ada')).toMatchObject({ code: 0, stdout: '1 photo removed\n' });
    await running.settle();
    expect(json(await there('people', '--json')).people).toEqual([]);
    expect((await there('search', file('ada-again.jpg'))).code).toBe(1);
    expect(await there('forget', 'ada')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^PERSON_NOT_FOUND: .*ada/),
    });
  });
});
