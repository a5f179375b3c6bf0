import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, RunningStack, sample } from './running-stack.ts';

/** What the generator makes of the contract: a function for each operation. Its types are held by tsc below. */
type Client = Readonly<Record<string, (...args: unknown[]) => Promise<Answer>>> & {
  readonly defaults: { baseUrl: string };
};
interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the module is not there before the test runs
  readonly data: any;
  readonly headers: Headers;
}

/** Faces as the detector finds them in the sample photos; the same woman is in both. */
const adaInSample3 = { left: 1057, top: 198, width: 228, height: 307 };
const eveInSample1 = { left: 411, top: 354, width: 188, height: 248 };

const run = promisify(execFile);
let running: RunningStack;
let folder: string;
let client: Client;
let photos: Readonly<Record<'ada' | 'eve' | 'party', Buffer>>;
const inJson = (photo: Buffer) => ({ bytes: photo.toString('base64') });

beforeAll(async () => {
  running = await RunningStack.start();
  photos = {
    ada: await portrait(3, adaInSample3),
    eve: await portrait(1, eveInSample1),
    party: await readFile(sample(1)),
  };
  folder = await mkdtemp(join(tmpdir(), 'generated-client-'));
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  const file = join(folder, 'client.ts');
  await run(process.execPath, ['node_modules/oazapfts/dist/cli.js', `${running.stack.api}/openapi.json`, file]);
  client = await import(pathToFileURL(file).href);
  client.defaults.baseUrl = running.stack.api;
});
afterAll(async () => {
  await running.close();
  await rm(folder, { recursive: true });
});

describe('a client that a stock generator makes of openapi.json', () => {
  it('is code that a compiler has nothing to say to', async () => {
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--skipLibCheck',
      '--ignoreConfig',
    ];
    await run(process.execPath, ['node_modules/typescript/bin/tsc', ...options, join(folder, 'client.ts')]);
  });

  it('makes collections, and says when there is one', async () => {
    expect(await client.createCollection!({ collection: 'team' })).toMatchObject({
      status: 201,
      data: { collection: 'team' },
    });
    expect(await client.createCollection!({ collection: 'team' })).toMatchObject({
      status: 409,
      data: { code: 'COLLECTION_EXISTS', retryable: false },
    });
    const { data } = await client.listCollections!();
    expect(data.collections.map(({ collection }: { collection: string }) => collection)).toEqual(['main', 'team']);
  });

  it('makes a person by name and adds a face of a photo, once, however often it is sent', async () => {
    const collection = 'team';
    expect(await client.createPerson!({ person: 'ada', collection })).toMatchObject({ status: 201 });
    const add = () =>
      client.addFaces!('ada', { image: inJson(photos.ada), collection }, { idempotencyKey: 'first-photo-of-ada' });
    const [first, again] = [await add(), await add()];
    expect(first).toMatchObject({ status: 200, data: { failed: [], used: { place: 0, facesInPhoto: 1 } } });
    expect(again.data).toEqual(first.data);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    const other = await client.addFaces!(
      'ada',
      { image: inJson(photos.eve), collection },
      { idempotencyKey: 'first-photo-of-ada' },
    );
    expect(other).toMatchObject({ status: 422, data: { code: 'IDEMPOTENCY_MISMATCH' } });
    expect(await client.getPerson!('ada', { collection })).toMatchObject({ data: { faceIds: first.data.assigned } });
  });

  it('verifies, searches and identifies, and picks a face among several', async () => {
    const collection = 'team';
    const verified = await client.verify!({ source: inJson(photos.ada), person: 'ada', collection });
    expect(verified.data).toMatchObject({ verified: true, person: { name: 'ada' }, model: 'mobilefacenet-ensemble' });
    const party = inJson(photos.party);
    const { data: detection } = await client.detect!({ image: party });
    expect(detection.faces).toHaveLength(3);
    const answers = await Promise.all(
      detection.faces.map((_: unknown, face: number) => client.search!({ image: party, face, collection })),
    );
    const known = answers.filter(({ data }) => data.identity !== null);
    expect(known.map(({ data }) => data.identity.person)).toEqual(['ada']);
    expect(known[0].data.identity.ambiguous).toEqual([]);
    expect(known[0].data.searched).toMatchObject({
      facesInPhoto: 3,
      boxes: detection.faces.map((f: { box: object }) => f.box),
    });
    const nobody = await client.search!({ image: party, face: 3, collection });
    expect(nobody).toMatchObject({ status: 404, data: { code: 'FACE_NOT_FOUND' } });
    const identified = await client.identify!({ image: party, collection });
    expect(identified.data.faces.filter((f: { identity: unknown }) => f.identity)).toHaveLength(1);
  });

  it('puts a photo to an address that it asked for, which is followed as any', async () => {
    const { data: upload } = await client.createUpload!({
      collection: 'team',
      person: 'eve',
      file: 'portrait.jpg',
      bytes: photos.eve.length,
    });
    expect(upload).toMatchObject({ key: 'collections/team/people/eve/portrait.jpg', method: 'PUT' });
    const tooMuch = await fetch(upload.url, { method: 'PUT', body: new Uint8Array([...photos.eve, 0]) });
    expect(tooMuch.status).toBe(403);
    const put = await fetch(upload.url, { method: 'PUT', body: new Uint8Array(photos.eve) });
    expect(put.status).toBe(200);
    const enrolled = (await running.settle()).flatMap(({ detail }) => ('person' in detail ? [detail.person] : []));
    expect(enrolled).toContain('eve');
    expect(await client.getPhoto!(upload.key)).toMatchObject({ data: { status: 'enrolled', person: 'eve' } });
  });

  it('moves a face to whom it is, releases it, and merges two who are one', async () => {
    const collection = 'team';
    const [faceId] = (await client.getPerson!('ada', { collection })).data.faceIds;
    expect(await client.moveFace!('ada', faceId, { to: 'eve' }, { collection })).toMatchObject({
      data: { faceId, person: 'eve' },
    });
    expect(await client.removeFace!('eve', faceId, { collection })).toMatchObject({ data: { role: 'photo' } });
    expect(await client.addFaces!('ada', { faceIds: [faceId], collection })).toMatchObject({
      data: { assigned: [faceId], failed: [] },
    });
    await client.createPerson!({ person: 'Ada Lovelace', collection });
    const merged = await client.mergePerson!('ada', { into: 'Ada Lovelace' }, { collection });
    expect(merged).toMatchObject({ status: 200, data: { person: 'Ada Lovelace', faceIds: [faceId] } });
    expect(await client.getPerson!('ada', { collection })).toMatchObject({ status: 404 });
  });

  it('renames only whom it has read last', async () => {
    const collection = 'team';
    const person = 'Ada Lovelace';
    const { headers } = await client.getPerson!(person, { collection });
    const ifMatch = headers.get('etag');
    const [{ data: added }] = [await client.storeFaces!({ image: inJson(photos.party), collection })];
    await client.addFaces!(person, { faceIds: [added.faces[2].faceId], collection });
    const late = await client.renamePerson!(person, { person: 'Countess' }, { collection, ifMatch });
    expect(late).toMatchObject({ status: 412, data: { code: 'PRECONDITION_FAILED' } });
    const { headers: newest } = await client.getPerson!(person, { collection });
    const renamed = await client.renamePerson!(
      person,
      { person: 'Countess' },
      { collection, ifMatch: newest.get('etag') },
    );
    expect(renamed).toMatchObject({ status: 200, data: { person: 'Countess' } });
  });

  it('pages through what there is, and forgets it all', async () => {
    const collection = 'team';
    await running.settle();
    const faceIds: string[] = [];
    let after: string | undefined;
    do {
      const { data } = await client.listFaces!({ collection, limit: 2, after });
      expect(data.faces.length).toBeLessThanOrEqual(2);
      faceIds.push(...data.faces.map(({ faceId }: { faceId: string }) => faceId));
      after = data.next;
    } while (after !== undefined);
    const { data: described } = await client.describeCollection!(collection);
    expect(described).toMatchObject({ faces: faceIds.length, people: 2 });
    expect(new Set(faceIds).size).toBe(faceIds.length);

    const refused = await client.deleteFace!((await client.getPerson!('eve', { collection })).data.faceIds[0], {
      collection,
    });
    expect(refused).toMatchObject({ status: 409, data: { code: 'FACE_ASSIGNED' } });
    expect(await client.deletePerson!('eve', { collection })).toMatchObject({ status: 200, data: { photos: 1 } });
    expect(await client.deleteCollection!(collection)).toMatchObject({ status: 200 });
    expect(await client.listFaces!({ collection })).toMatchObject({ status: 200, data: { faces: [] } });
    expect(await client.describeCollection!(collection)).toMatchObject({ status: 404 });
    await running.settle();
  });
});
