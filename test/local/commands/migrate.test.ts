import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AssociateFacesCommand,
  CreateCollectionCommand,
  CreateUserCommand,
  IndexFacesCommand,
  ListFacesCommand,
  type RekognitionClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openKeyFile } from '../../../lib/adapters/access-key-file.ts';
import { issueKey } from '../../../lib/core/access-keys.ts';
import { rekognitionClient } from '../../functions/match/rekognition/client.ts';
import { portrait, RunningStack } from '../running-stack.ts';
import { facenet } from './facenet.ts';

/** Two services: one stands for Amazon Rekognition and the bucket that it reads, the other is where everything moves to. */
let old: RunningStack;
let next: RunningStack;
let clients: { readonly old: RekognitionClient; readonly next: RekognitionClient };
let folder: string;
/** To read and write at the next one, where it is called by strangers; it makes no collections. */
let key: ReturnType<typeof issueKey>['issued'];

/** Two photos of one woman, on two evenings, and one of another person. */
let photos: Readonly<Record<string, Uint8Array>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-migrate-'));
  const keyFile = join(folder, 'keys.json');
  await openKeyFile(keyFile).change((keys) => {
    const all = issueKey(keys, { name: 'migration', scopes: ['read', 'write'] }, new Date());
    key = all.issued;
    return all.keys;
  });
  const strangers = { host: '127.0.0.1', port: 0, keyFile };
  [old, next] = await Promise.all([RunningStack.start(), RunningStack.start({ strangers })]);
  clients = { old: rekognitionClient(old.stack.api), next: rekognitionClient(next.stack.api) };
  const [alice, again, bob] = await Promise.all([
    portrait(1, { left: 1478, top: 212, width: 204, height: 240 }),
    portrait(3, { left: 1057, top: 198, width: 228, height: 280 }),
    portrait(1, { left: 411, top: 354, width: 188, height: 230 }),
  ]);
  photos = { alice, 'alice again': again, bob };
  await clients.old.send(new CreateCollectionCommand({ CollectionId: 'users' }));
  for (const [name, Bytes] of Object.entries(photos)) {
    await old.put(`users/${name}.jpg`, Bytes);
    const ExternalImageId = name.replace(' ', '_');
    await clients.old.send(new IndexFacesCommand({ CollectionId: 'users', Image: { Bytes }, ExternalImageId }));
  }
  await old.put('users/notes.txt', 'no photo');
});

afterAll(async () => {
  clients.old.destroy();
  clients.next.destroy();
  await Promise.all([old.close(), next.close()]);
  await rm(folder, { recursive: true });
});

const from = () => [
  '--bucket',
  old.stack.bucket,
  '--s3-endpoint',
  old.stack.s3,
  '--prefix',
  'users/',
  '--data',
  folder,
];
const to = () => ['--endpoint', next.stack.api, '--collection', 'users'];
const oldUsers = () => ['--from-endpoint', old.stack.api];

async function idsIn(CollectionId: string): Promise<string[]> {
  const { Faces = [] } = await clients.next.send(new ListFacesCommand({ CollectionId }));
  return Faces.map(({ ExternalImageId = 'none' }) => ExternalImageId).sort();
}

describe('facenet migrate', () => {
  it('indexes the photos of a bucket with the ids of the old collection, and tells what it left', async () => {
    const { code, stdout, stderr } = await facenet(
      'migrate',
      ...from(),
      ...to(),
      '--ids-from',
      'users',
      ...oldUsers(),
      '--json',
    );

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      collection: 'users',
      photos: 4,
      indexed: 3,
      faces: 3,
      before: 0,
      left: [{ key: 'users/notes.txt', code: 'NO_EXTERNAL_ID', reason: expect.any(String) }],
      seconds: expect.any(Number),
    });
    expect(code).toBe(1);
    expect(await idsIn('users')).toEqual(['alice', 'alice_again', 'bob']);
  });

  it('passes over what is done when it is run again', async () => {
    const { code, stdout } = await facenet('migrate', ...from(), ...to(), '--id-rule', 'stem');

    expect(stdout).toContain('left  users/notes.txt  InvalidImageFormatException');
    expect(stdout).toMatch(/^0 of 4 photos indexed \(0 faces\), 3 were before, 1 left/m);
    expect(code).toBe(1);
    expect(await idsIn('users')).toEqual(['alice', 'alice_again', 'bob']);
  });

  it.each([
    ['a bucket that is not there', ['--bucket', 'elsewhere'], 'list the bucket elsewhere, received NoSuchBucket'],
    ['a prefix that nothing has', ['--prefix', 'user/'], 'photos in the bucket photos under "user/", found none'],
  ])('says so on %s', async (_, args, message) => {
    const { code, stdout, stderr } = await facenet('migrate', ...from(), ...to(), ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('makes the users of the old collection, with the same faces', async () => {
    const users = { CollectionId: 'users', UserId: 'alice' };
    const { Faces = [] } = await clients.old.send(new ListFacesCommand({ CollectionId: 'users' }));
    const FaceIds = Faces.filter(({ ExternalImageId }) => ExternalImageId !== 'bob').map(({ FaceId }) => FaceId!);
    await clients.old.send(new CreateUserCommand(users));
    await clients.old.send(new AssociateFacesCommand({ ...users, FaceIds }));
    const again = () =>
      facenet('migrate', ...from(), ...to(), '--ids-from', 'users', '--users-from', 'users', ...oldUsers(), '--json');

    const [first, repeated] = [await again(), await again()];

    for (const { stdout } of [first, repeated])
      expect(JSON.parse(stdout).users).toEqual({ users: 1, faces: 2, left: [] });
    const made = await clients.next.send(new ListFacesCommand(users));
    expect(made.Faces?.map(({ ExternalImageId }) => ExternalImageId).sort()).toEqual(['alice', 'alice_again']);
  });

  it('takes ids from a file, and reads the bucket of the stack on the data folder by its keys', async () => {
    for (const [name, bytes] of Object.entries(photos)) await next.put(`users/${name}.jpg`, bytes);
    const file = join(folder, 'ids.csv');
    await writeFile(file, 'users/alice.jpg,alice:1\nusers/alice again.jpg,alice:2\n');
    const options = [
      '--data',
      next.data,
      '--bucket',
      next.stack.bucket,
      '--prefix',
      'users/',
      '--collection',
      'by-file',
    ];

    const { code, stdout } = await facenet(
      'migrate',
      ...options,
      '--ids',
      file,
      '--journal',
      join(folder, 'by-file.jsonl'),
    );

    expect(stdout).toMatch(/^left {2}users\/bob\.jpg {2}NO_EXTERNAL_ID/m);
    expect(stdout).toMatch(/^2 of 3 photos indexed/m);
    expect(code).toBe(1);
    expect(await idsIn('by-file')).toEqual(['alice:1', 'alice:2']);
  });

  it('signs by the access key in a profile, and is refused without', async () => {
    const file = join(folder, 'credentials');
    await writeFile(file, `[faces]\naws_access_key_id = ${key.id}\naws_secret_access_key = ${key.secret}\n`);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    const signed = ['--endpoint', next.stack.signedApi!, '--collection', 'signed', '--id-rule', 'stem'];
    await clients.next.send(new CreateCollectionCommand({ CollectionId: 'signed' }));

    const withKey = await facenet('migrate', ...from(), ...signed, '--profile', 'faces');
    const without = await facenet('migrate', ...from(), ...signed);
    vi.unstubAllEnvs();

    expect(withKey.stdout).toMatch(/^3 of 4 photos indexed/m);
    expect(await idsIn('signed')).toEqual(['alice', 'alice_again', 'bob']);
    expect(without.stderr).toContain('UnrecognizedClientException');
    expect(without.code).toBe(2);
  });

  it('takes the region with the credentials of a profile, and asks for one before it calls anything', async () => {
    const file = join(folder, 'config');
    await writeFile(
      file,
      `[profile old]\naws_access_key_id = test\naws_secret_access_key = test\nregion = eu-central-1\n`,
    );
    vi.stubEnv('AWS_CONFIG_FILE', file);
    vi.stubEnv('AWS_REGION', undefined);
    vi.stubEnv('AWS_DEFAULT_REGION', undefined);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', old.stack.s3);
    const options = ['--bucket', old.stack.bucket, '--prefix', 'users/', '--data', folder, ...to().slice(0, 2)];
    const inAws = [...options, '--collection', 'regional'];
    const fromAws = ['--s3-profile', 'old', '--users-from', 'users'];

    const withRegion = await facenet('migrate', ...inAws, '--s3-profile', 'old');
    const without = await facenet('migrate', ...inAws);
    const withoutOld = await facenet('migrate', ...options, '--collection', 'untouched', ...fromAws);
    vi.unstubAllEnvs();

    expect(withRegion.stdout).toMatch(/^3 of 4 photos indexed/m);
    for (const { code, stderr } of [without, withoutOld]) {
      expect(stderr).toMatch(/^INVALID_CONFIG: Expected a region of AWS to call/);
      expect(code).toBe(2);
    }
    await expect(idsIn('untouched')).rejects.toThrow(ResourceNotFoundException);
  });

  it.each([
    ['both sources of ids', 2, () => [...from(), ...to(), '--ids', 'x.csv', '--ids-from', 'users'], 'received both'],
    [
      'an old collection that is not there',
      2,
      () => [...from(), ...to(), '--ids-from', 'missing', ...oldUsers()],
      'ResourceNotFoundException',
    ],
    [
      'an endpoint that does not answer',
      3,
      () => [...from(), '--endpoint', 'http://127.0.0.1:9', '--collection', 'users'],
      'UNAVAILABLE',
    ],
    ['no collection', 2, () => from(), "required option '--collection <name>'"],
  ])('ends on %s with %i', async (_, expected, options, message) => {
    const { code, stderr } = await facenet('migrate', ...options());

    expect(stderr).toContain(message);
    expect(code).toBe(expected);
  });
});

describe('facenet compare-collections', () => {
  const compare = (...more: string[]) =>
    facenet('compare-collections', ...from(), ...to(), '--from-collection', 'users', ...oldUsers(), ...more);

  it('finds the same in the new collection as in the old one', async () => {
    const { code, stdout, stderr } = await compare('--json');

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      photos: 3,
      same: 3,
      different: 0,
      onlyFrom: 0,
      onlyTo: 0,
      overlap: 1,
      apart: [],
    });
    expect(code).toBe(0);
  });

  it('tells where the two are apart', async () => {
    const { code, stdout } = await compare('--threshold', '100');

    expect(code).toBe(1);
    expect(stdout).toContain('users/alice.jpg: alice_again in the old one, nobody in the new one');
    expect(stdout).toContain(
      '3 photos with a face: the same is found in 1 (33.3 %), another in 0, only by the old one in 2',
    );
  });
});
