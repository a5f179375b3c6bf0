import { setImmediate as nextTick } from 'node:timers/promises';
import { type BatchGetItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DynamoFaceRegistry } from '../../lib/adapters/dynamo-face-registry.ts';
import { RequestError, UnavailableError } from '../../lib/core/errors.ts';
import { longestCollection, longestPerson } from '../../lib/core/keys.ts';
import type { FaceRecord, Match } from '../../lib/core/records.ts';
import { startDynalite, table } from './dynalite.ts';
import { faceOf, idOf, imageOfKey, sequencerOf } from './records.ts';

const now = new Date('2026-01-02T03:04:05.678Z');

async function prepare(): Promise<{ registry: DynamoFaceRegistry; client: DynamoDBClient }> {
  const client = await startDynalite();
  return { client, registry: new DynamoFaceRegistry({ client, table, now: () => now }) };
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A registry with one photo on its way: claimed, and as many faces expected. */
async function prepareEmbedding(faces: number) {
  const { registry, client } = await prepare();
  const image = imageOfKey('photos/a.jpg', 5);
  const faceIds = Array.from({ length: faces }, (_, i) => idOf(`face ${i}`));
  await registry.claimImage(image);
  await registry.expectFaces({ ...image, width: 640, height: 480, faceIds });
  return { registry, client, image, faceIds };
}

test('the longest names fit into the keys of the table', async () => {
  const { registry } = await prepare();
  const collection = 'c'.repeat(longestCollection);
  const person = 'p'.repeat(longestPerson);
  const face = faceOf('photos/a.jpg', 1, { collection, person, role: 'person' });

  expect(await registry.createCollection(collection)).toBe(true);
  await registry.addFace(face);
  await registry.enrol({ ...face, person });

  expect(await registry.getPerson(collection, person)).toMatchObject({ faceIds: [face.faceId] });
  expect(await collect(registry.facesOfPerson(collection, person, 'person'))).toHaveLength(1);
});

describe('claiming an image', () => {
  test('takes up an unknown image and writes down what is known of it', async () => {
    const { registry } = await prepare();
    const image = { ...imageOfKey('people/Ann O\'Neil/1+1 "é" 图.jpg', 5), person: "Ann O'Neil" };

    expect(await registry.claimImage(image)).toBe('claimed');

    expect(await registry.getImage(image.imageId)).toEqual({
      ...image,
      status: 'detecting',
      faceIds: [],
      pending: [],
      updatedAt: now.toISOString(),
    });
  });

  test('takes the same version up again while it is not through', async () => {
    const { registry, image } = await prepareEmbedding(2);

    expect(await registry.claimImage(image)).toBe('claimed');

    expect(await registry.getImage(image.imageId)).toMatchObject({ status: 'detecting', faceIds: [], pending: [] });
  });

  test('leaves a version that is through', async () => {
    const { registry, image } = await prepareEmbedding(0);
    await registry.finishImage(image, 'indexed');

    expect(await registry.claimImage(image)).toBe('done');
  });

  test('leaves a version that was rejected', async () => {
    const { registry } = await prepare();
    const image = imageOfKey('photos/a.jpg');
    await registry.claimImage(image);
    await registry.rejectImage(image, { code: 'CORRUPT_IMAGE', message: 'cut off' });

    expect(await registry.claimImage(image)).toBe('done');
  });

  test('refuses an older version, and forgets all of it for a newer one', async () => {
    const { registry, image } = await prepareEmbedding(2);
    await registry.rejectImage(image, { code: 'CORRUPT_IMAGE', message: 'cut off' });
    const newer = imageOfKey('photos/a.jpg', 6);

    expect(await registry.claimImage(imageOfKey('photos/a.jpg', 4))).toBe('superseded');
    expect(await registry.claimImage(newer)).toBe('claimed');

    const known = await registry.getImage(image.imageId);
    expect(known).toEqual({ ...newer, status: 'detecting', faceIds: [], pending: [], updatedAt: now.toISOString() });
  });

  test('finds the image gone when its removal came first, and takes up what is newer than the removal', async () => {
    const { registry } = await prepare();
    const image = imageOfKey('photos/a.jpg', 5);
    await registry.buryImage(image.imageId, sequencerOf(6));

    expect(await registry.claimImage(image)).toBe('superseded');
    expect(await registry.claimImage(imageOfKey('photos/a.jpg', 6))).toBe('superseded');
    expect(await registry.claimImage(imageOfKey('photos/a.jpg', 7))).toBe('claimed');
  });

  test('lets the newest of many at once win', async () => {
    const { registry } = await prepare();
    const orders = [3, 9, 1, 7, 9, 2, 8];

    const claims = await Promise.all(orders.map((order) => registry.claimImage(imageOfKey('photos/a.jpg', order))));

    expect(claims[1]).toBe('claimed');
    expect(claims[4]).toBe('claimed');
    const { imageId } = imageOfKey('photos/a.jpg');
    expect(await registry.getImage(imageId)).toMatchObject({ sequencer: sequencerOf(9), status: 'detecting' });
  });

  test('takes a key as long as S3 allows', async () => {
    const { registry } = await prepare();
    const key = `photos/${'图'.repeat(339)}`;
    const image = imageOfKey(key);

    expect(Buffer.byteLength(key)).toBe(1024);
    expect(await registry.claimImage(image)).toBe('claimed');

    const { items } = await registry.listImages('main', { limit: 10 });
    expect(items.map(({ source }) => source.key)).toEqual([key]);
  });
});

describe('an image on its way', () => {
  test('waits for its faces', async () => {
    const { registry, image, faceIds } = await prepareEmbedding(3);

    const known = await registry.getImage(image.imageId);

    expect(known).toMatchObject({ status: 'embedding', width: 640, height: 480, faceIds });
    expect(new Set(known?.pending)).toEqual(new Set(faceIds));
  });

  test('counts what is left, also when a face comes twice', async () => {
    const { registry, image, faceIds } = await prepareEmbedding(2);

    expect(await registry.faceEmbedded(image, faceIds[0]!)).toEqual({ current: true, remaining: 1 });
    expect(await registry.faceEmbedded(image, faceIds[0]!)).toEqual({ current: true, remaining: 1 });
    expect(await registry.faceEmbedded(image, faceIds[1]!)).toEqual({ current: true, remaining: 0 });
    expect(await registry.faceEmbedded(image, faceIds[1]!)).toEqual({ current: true, remaining: 0 });
  });

  test('tells exactly one of many faces at once that it is the last', async () => {
    const { registry, image, faceIds } = await prepareEmbedding(8);

    const answers = await Promise.all(faceIds.map((faceId) => registry.faceEmbedded(image, faceId)));

    expect(answers.map(({ remaining }) => remaining).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('is still that of a face when it is through, and not when it is newer, rejected, erased or unknown', async () => {
    const { registry, image } = await prepareEmbedding(0);
    const gone = { current: false, remaining: 0 };
    await registry.finishImage(image, 'indexed');

    expect(await registry.faceEmbedded(image, idOf('face'))).toEqual({ current: true, remaining: 0 });
    expect(await registry.faceEmbedded({ ...image, sequencer: sequencerOf(4) }, idOf('face'))).toEqual(gone);
    expect(await registry.faceEmbedded({ ...image, imageId: idOf('unknown') }, idOf('face'))).toEqual(gone);
    await registry.buryImage(image.imageId);
    expect(await registry.faceEmbedded(image, idOf('face'))).toEqual(gone);
  });

  test('keeps a face that arrives while a repeated delivery detects again', async () => {
    const { registry, image, faceIds } = await prepareEmbedding(1);
    await registry.claimImage(image);

    expect(await registry.faceEmbedded(image, faceIds[0]!)).toEqual({ current: true, remaining: 0 });
    expect(await registry.finishImage(image, 'indexed')).toBe(false);
  });

  test('waits for nothing more when its faces are detected again and there are none', async () => {
    const { registry, image } = await prepareEmbedding(2);

    expect(await registry.expectFaces({ ...image, width: 640, height: 480, faceIds: [] })).toBe(true);

    expect(await registry.getImage(image.imageId)).toMatchObject({ faceIds: [], pending: [] });
    expect(await registry.finishImage(image, 'indexed')).toBe(true);
  });

  test('does not end while faces are pending', async () => {
    const { registry, image, faceIds } = await prepareEmbedding(1);

    expect(await registry.finishImage(image, 'indexed')).toBe(false);
    await registry.faceEmbedded(image, faceIds[0]!);
    expect(await registry.finishImage(image, 'indexed')).toBe(true);
    expect(await registry.finishImage(image, 'indexed')).toBe(true);

    expect(await registry.getImage(image.imageId)).toMatchObject({ status: 'indexed', pending: [] });
  });

  test('is rejected once and again, with the reason', async () => {
    const { registry } = await prepare();
    const image = imageOfKey('photos/a.jpg');
    const rejection = { code: 'CORRUPT_IMAGE', message: 'cut off' };
    await registry.claimImage(image);

    expect(await registry.rejectImage(image, rejection)).toBe(true);
    expect(await registry.rejectImage(image, rejection)).toBe(true);

    expect(await registry.getImage(image.imageId)).toMatchObject({ status: 'rejected', rejection });
  });

  test('moves no more once a newer version is known', async () => {
    const { registry, image } = await prepareEmbedding(1);
    await registry.claimImage(imageOfKey('photos/a.jpg', 6));

    expect(await registry.expectFaces({ ...image, width: 1, height: 1, faceIds: [] })).toBe(false);
    expect(await registry.finishImage(image, 'indexed')).toBe(false);
    expect(await registry.rejectImage(image, { code: 'NO_FACE', message: '' })).toBe(false);
    expect(await registry.buryImage(image.imageId, image.sequencer)).toBe(false);
    expect(await registry.getImage(image.imageId)).toMatchObject({ sequencer: sequencerOf(6), status: 'detecting' });
  });
});

describe('burying an image', () => {
  test('leaves nothing personal, in no list, for 14 days', async () => {
    const { registry, client } = await prepare();
    const image = { ...imageOfKey('people/Ann/secret.jpg', 5), person: 'Ann' };
    await registry.claimImage(image);

    expect(await registry.buryImage(image.imageId, sequencerOf(6))).toBe(true);

    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));
    expect(Items.map((item) => unmarshall(item))).toEqual([
      {
        pk: `image#${image.imageId}`,
        sk: 'image',
        imageId: image.imageId,
        sequencer: sequencerOf(6),
        status: 'erased',
        updatedAt: now.toISOString(),
        expiresAt: now.getTime() / 1000 - 0.678 + 14 * 86_400,
      },
    ]);
    expect(await registry.listImages('main', { limit: 10 })).toEqual({ items: [] });
    expect(await registry.getImage(image.imageId)).toMatchObject({ status: 'erased', faceIds: [], pending: [] });
  });

  test('can be repeated, and erases whatever version is known when none is named', async () => {
    const { registry, image } = await prepareEmbedding(1);

    expect(await registry.buryImage(image.imageId)).toBe(true);
    expect(await registry.buryImage(image.imageId, image.sequencer)).toBe(true);
    expect(await registry.buryImage(idOf('unknown'))).toBe(true);

    expect(await registry.getImage(image.imageId)).toMatchObject({ status: 'erased', sequencer: image.sequencer });
    expect(await registry.getImage(idOf('unknown'))).toBeUndefined();
  });
});

describe('events of a key in any order', () => {
  /** An event: a photo that comes, or its removal. The steps of each are taken in order, those of different events as they fall. */
  const events = fc.uniqueArray(
    fc.record({ order: fc.integer({ min: 1, max: 20 }), kind: fc.constantFrom('photo', 'broken', 'removal') }),
    { selector: ({ order }) => order, minLength: 1, maxLength: 5 },
  );

  test('end in the state of the newest', async () => {
    const { registry } = await prepare();
    let key = 0;
    await fc.assert(
      fc.asyncProperty(events, fc.infiniteStream(fc.nat()), async (happened, dice) => {
        key++;
        const deliveries = [...happened, ...happened].map(({ order, kind }) => {
          const image = imageOfKey(`photos/${key}.jpg`, order);
          const faceIds = [idOf(`${key} ${order}`)];
          const steps = {
            photo: [
              async () => (await registry.claimImage(image)) === 'claimed',
              () => registry.expectFaces({ ...image, width: 1, height: 1, faceIds }),
              async () => (await registry.faceEmbedded(image, faceIds[0]!)).current,
              () => registry.finishImage(image, 'indexed'),
            ],
            broken: [
              async () => (await registry.claimImage(image)) === 'claimed',
              () => registry.rejectImage(image, { code: 'CORRUPT_IMAGE', message: '' }),
            ],
            removal: [() => registry.buryImage(image.imageId, image.sequencer)],
          };
          return steps[kind];
        });

        while (deliveries.length > 0) {
          const i = dice.next().value! % deliveries.length;
          const goesOn = await deliveries[i]!.shift()!();
          if (!goesOn || deliveries[i]!.length === 0) deliveries.splice(i, 1);
        }

        const newest = happened.reduce((a, b) => (a.order > b.order ? a : b));
        const ends = { photo: 'indexed', broken: 'rejected', removal: 'erased' };
        const known = await registry.getImage(imageOfKey(`photos/${key}.jpg`).imageId);
        expect(known).toMatchObject({ sequencer: sequencerOf(newest.order), status: ends[newest.kind], pending: [] });
      }),
      { numRuns: 60 },
    );
  });
});

describe('faces', () => {
  test('come back as they were, vector and all', async () => {
    const { registry } = await prepare();
    const embedding = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i) / 16 ** (i % 7));
    const face = faceOf('photos/a b+c.jpg', 3.0625, { embedding });

    expect(await registry.addFace(face)).toBe(true);

    expect(await registry.facesOfImage(face.imageId)).toEqual([face]);
    expect(await registry.getFace('main', face.faceId)).toEqual(face);
  });

  test('are found by their image at once, also while the indexes are behind', async () => {
    const { registry, client } = await prepare();
    const face = faceOf('photos/a.jpg', 1);
    const index = freezeIndexes(client);
    expect(await registry.getFace('main', face.faceId)).toBeUndefined();
    index.frozen = true;
    await registry.addFace(face);

    expect(await registry.getFace('main', face.faceId, face.imageId)).toEqual(face);
    expect(await registry.getFace('main', face.faceId)).toBeUndefined();
    expect(await registry.getFace('other', face.faceId, face.imageId)).toBeUndefined();
    expect(await registry.getFace('main', idOf('unknown'), face.imageId)).toBeUndefined();
  });

  test('that came through the API have no source, and what their indexer calls them', async () => {
    const { registry } = await prepare();
    const { source: _, ...face } = faceOf('photos/a.jpg', 3, {
      externalImageId: 'badge 7',
      sequencer: now.toISOString(),
    });

    await registry.addFace(face);

    expect(await registry.getFace('main', face.faceId)).toEqual(face);
  });

  test('that come twice stay as they are', async () => {
    const { registry } = await prepare();
    const face = faceOf('photos/a.jpg', 3);
    await registry.addFace(face);
    await registry.assignFace(face, 'Ann');

    expect(await registry.addFace(face)).toBe(false);

    expect(await registry.getFace('main', face.faceId)).toMatchObject({ role: 'person', person: 'Ann' });
  });

  test('are counted, each collection for itself', async () => {
    const { registry } = await prepare();
    for (let i = 0; i < 12; i++) await registry.addFace(faceOf('photos/a.jpg', i));
    await registry.addFace(faceOf('photos/b.jpg', 1, { collection: 'x' }));
    await registry.claimImage(imageOfKey('photos/a.jpg'));

    expect([await registry.countFaces('main'), await registry.countFaces('x'), await registry.countFaces('y')]).toEqual(
      [12, 1, 0],
    );
  });

  test('are found in their own collection only', async () => {
    const { registry } = await prepare();
    const face = faceOf('photos/a.jpg', 1);
    await registry.addFace(face);

    expect(await registry.getFace('other', face.faceId)).toBeUndefined();
    expect(await registry.getFace('main', idOf('unknown'))).toBeUndefined();
    expect(await registry.listFaces('other', {}, { limit: 10 })).toEqual({ items: [] });
  });

  test('of an image come all, of whatever version, and no other', async () => {
    const { registry } = await prepare();
    const embedding = Float32Array.from({ length: 2048 }, Math.random);
    const faces = Array.from({ length: 60 }, (_, i) => faceOf('photos/crowd.jpg', i, { embedding }));
    const old = faceOf('photos/crowd.jpg', 1, { sequencer: sequencerOf(0), faceId: idOf('old') });
    for (const face of [...faces, old, faceOf('photos/other.jpg', 1)]) await registry.addFace(face);

    const found = await registry.facesOfImage(old.imageId);

    expect(new Set(found.map(({ faceId }) => faceId))).toEqual(new Set([...faces, old].map(({ faceId }) => faceId)));
  });

  test('are deleted, also twice and by the hundred', async () => {
    const { registry } = await prepare();
    const faces = Array.from({ length: 60 }, (_, i) => faceOf('photos/crowd.jpg', i));
    const kept = faceOf('photos/other.jpg', 1);
    for (const face of [...faces, kept]) await registry.addFace(face);

    await registry.deleteFaces(faces);
    await registry.deleteFaces(faces);

    expect(await registry.facesOfImage(faces[0]!.imageId)).toEqual([]);
    expect((await registry.listFaces('main', {}, { limit: 100 })).items).toEqual([kept]);
  });

  test('of which DynamoDB reads only some at a time are all read', async () => {
    const { registry, client } = await prepare();
    for (let i = 0; i < 12; i++) await registry.addFace(faceOf('photos/crowd.jpg', i));
    takeOnly(client, 5);

    expect((await registry.listFaces('main', {}, { limit: 50 })).items).toHaveLength(12);
  });

  test('of which DynamoDB reads none are not left out', async () => {
    const { registry, client } = await prepare();
    await registry.addFace(faceOf('photos/crowd.jpg', 1));
    takeOnly(client, 0);

    await expect(registry.listFaces('main', {}, { limit: 50 })).rejects.toThrow(UnavailableError);
  });
});

/** Makes DynamoDB process only the first of each batch, as it does when it is throttled. */
function takeOnly(client: DynamoDBClient, count: number): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== 'BatchGetItemCommand') return next(args);
      const request = (args.input as BatchGetItemCommand['input']).RequestItems![table]!;
      const left = request.Keys!.splice(count);
      const unprocessed = left.length > 0 ? { [table]: { ...request, Keys: left } } : {};
      if (count === 0) return { output: { $metadata: {}, UnprocessedKeys: unprocessed }, response: {} };
      const answer = await next(args);
      return { ...answer, output: { ...answer.output, UnprocessedKeys: unprocessed } };
    },
    { step: 'initialize' },
  );
}

describe('people', () => {
  const ann = { collection: 'main', person: 'Ann' };

  const enrolled = (name: string, person = 'Ann', collection = 'main') =>
    faceOf(`people/${person}/${name}.jpg`, 1, { role: 'person', person, collection }) as FaceRecord & {
      person: string;
    };

  async function enrol(registry: DynamoFaceRegistry, face: FaceRecord & { person: string }): Promise<void> {
    await registry.addFace(face);
    await registry.enrol(face);
  }

  test('begin with their first face and have each of them once', async () => {
    const { registry } = await prepare();
    for (const name of ['1', '1', '2']) await enrol(registry, enrolled(name));

    const known = await registry.getPerson('main', 'Ann');
    expect(known).toEqual({
      ...ann,
      faceIds: expect.any(Array),
      enrolledAt: now.toISOString(),
      version: now.getTime() + 2,
    });
    expect(new Set(known?.faceIds)).toEqual(new Set([enrolled('1').faceId, enrolled('2').faceId]));
    expect(await registry.getPerson('other', 'Ann')).toBeUndefined();
  });

  test('have been enrolled when their first face was', async () => {
    const client = await startDynalite();
    let day = 1;
    const registry = new DynamoFaceRegistry({ client, table, now: () => new Date(Date.UTC(2026, 0, day)) });
    for (const name of ['1', '2']) {
      await enrol(registry, enrolled(name));
      day++;
    }

    expect((await registry.getPerson('main', 'Ann'))?.enrolledAt).toBe('2026-01-01T00:00:00.000Z');
  });

  test('are gone with their last face, and begin anew after it', async () => {
    const { registry } = await prepare();
    const faces = [enrolled('1'), enrolled('2')] as const;
    for (const face of faces) await enrol(registry, face);

    await registry.deleteFaces([faces[0]]);
    expect((await registry.getPerson('main', 'Ann'))?.faceIds).toEqual([faces[1].faceId]);
    await registry.deleteFaces([faces[1]]);
    await registry.deleteFaces([faces[1]]);
    expect(await registry.getPerson('main', 'Ann')).toBeUndefined();
    expect(await registry.listPeople('main', { limit: 10 })).toEqual({ items: [] });
    await enrol(registry, faces[0]);
    expect((await registry.getPerson('main', 'Ann'))?.faceIds).toEqual([faces[0].faceId]);
  });

  test("do not get a face that is gone, or somebody else's", async () => {
    const { registry } = await prepare();
    const [gone, moved] = [enrolled('1'), enrolled('2')];
    await registry.addFace(moved);
    await registry.assignFace(moved, 'Bill');

    for (const face of [gone, moved]) await registry.enrol(face);

    expect(await registry.getPerson('main', 'Ann')).toBeUndefined();
    expect((await registry.getPerson('main', 'Bill'))?.faceIds).toEqual([moved.faceId]);
  });

  test('are made by name, once, and stay without a face', async () => {
    const { registry } = await prepare();

    expect(await registry.createPerson('main', 'Ann')).toBe(true);
    expect(await registry.createPerson('main', 'Ann')).toBe(false);
    expect(await registry.createPerson('main', 'Bill')).toBe(true);
    await enrol(registry, enrolled('1'));
    await registry.deleteFaces([enrolled('1')]);

    const known = await registry.getPerson('main', 'Ann');
    expect(known).toEqual({ ...ann, faceIds: [], enrolledAt: now.toISOString(), version: now.getTime() + 3 });
    expect((await registry.listPeople('main', { limit: 10 })).items).toHaveLength(2);
    expect([await registry.countPeople('main'), await registry.countPeople('other')]).toEqual([2, 0]);
  });

  test('who came to be by a face cannot be made by name', async () => {
    const { registry } = await prepare();
    await enrol(registry, enrolled('1'));

    expect(await registry.createPerson('main', 'Ann')).toBe(false);
  });

  test('are made by exactly one of many at once', async () => {
    const { registry } = await prepare();

    const answers = await Promise.all([1, 2, 3, 4].map(() => registry.createPerson('main', 'Ann')));

    expect(answers.filter((made) => made)).toHaveLength(1);
  });

  test('move to one other at a time, who read them as they are', async () => {
    const { registry } = await prepare();
    await registry.createPerson('main', 'Ann');
    const { version } = (await registry.getPerson('main', 'Ann'))!;

    expect(await registry.startMove('main', 'Ann', 'Bill', version + 1)).toBe('changed');
    expect(await registry.startMove('main', 'Ann', 'Bill', version)).toBe('written');
    expect(await registry.startMove('main', 'Ann', 'Bill')).toBe('written');
    expect(await registry.startMove('main', 'Ann', 'Carol')).toBe('changed');
    expect(await registry.startMove('main', 'Nobody', 'Carol')).toBe('gone');

    expect(await registry.getPerson('main', 'Ann')).toMatchObject({ movingTo: 'Bill' });
    expect(await registry.getPerson('main', 'Nobody')).toBeUndefined();
  });

  test('are deleted when they have no faces and are as they were read', async () => {
    const { registry } = await prepare();
    await registry.createPerson('main', 'Ann');
    const { version } = (await registry.getPerson('main', 'Ann'))!;
    await enrol(registry, enrolled('1'));

    expect(await registry.deletePerson('main', 'Ann')).toBe('changed');
    await registry.deleteFaces([enrolled('1')]);
    expect(await registry.deletePerson('main', 'Ann', version)).toBe('changed');
    expect(await registry.deletePerson('main', 'Ann', version + 2)).toBe('deleted');
    expect(await registry.deletePerson('main', 'Ann')).toBe('gone');
    expect(await registry.getPerson('main', 'Ann')).toBeUndefined();
  });

  test('do not come to be by a face that is taken from them', async () => {
    const { registry } = await prepare();

    await registry.deleteFaces([faceOf('people/Ann/1.jpg', 1, { role: 'person', person: 'Ann' })]);

    expect(await registry.getPerson('main', 'Ann')).toBeUndefined();
  });

  test('are listed page by page, each collection for itself', async () => {
    const { registry } = await prepare();
    const names = ['Ann', "Bill O'Neil", 'Cécile', '王芳', 'a+b c'];
    for (const person of names) await enrol(registry, enrolled('1', person));
    await enrol(registry, enrolled('1', 'Zoe', 'other'));

    const first = await registry.listPeople('main', { limit: 2 });
    const second = await registry.listPeople('main', { limit: 3, after: first.next! });

    expect(first.items).toHaveLength(2);
    expect(second.next).toBeUndefined();
    expect([...first.items, ...second.items].map(({ person }) => person).sort()).toEqual([...names].sort());
  });

  test('have their faces found, enrolled ones and those taken for them apart', async () => {
    const { registry } = await prepare();
    const face = enrolled('1');
    const matched = faceOf('photos/a.jpg', 1, { match: matchOf('Ann') });
    const others = [
      faceOf('photos/a.jpg', 2),
      faceOf('photos/a.jpg', 3, { match: matchOf('Bill') }),
      faceOf('collections/x/photos/a.jpg', 4, { collection: 'x', match: matchOf('Ann') }),
    ];
    for (const each of [face, matched, ...others]) await registry.addFace(each);

    expect(await collect(registry.facesOfPerson('main', 'Ann', 'person'))).toEqual([face]);
    expect(await collect(registry.facesOfPerson('main', 'Ann', 'photo'))).toEqual([matched]);
    expect(await collect(registry.facesOfPerson('main', 'Nobody', 'photo'))).toEqual([]);
  });

  test('have their faces found also when there are more than one call reads', async () => {
    const { registry } = await prepare();
    const faces = Array.from({ length: 130 }, (_, i) => faceOf('photos/a.jpg', i, { match: matchOf('Ann') }));
    for (const face of faces) await registry.addFace(face);

    const found = await collect(registry.facesOfPerson('main', 'Ann', 'photo'));

    expect(new Set(found.map(({ faceId }) => faceId)).size).toBe(130);
  });
});

function matchOf(person: string): Match {
  return { person, faceId: idOf(`${person}'s face`), distance: 0.3125, similarity: 97.5 };
}

describe('naming a face', () => {
  async function prepareFace(changes: Partial<FaceRecord> = {}) {
    const { registry } = await prepare();
    const face = faceOf('photos/a.jpg', 1, changes);
    await registry.addFace(face);
    const namesOf = async (person: string) => (await collect(registry.facesOfPerson('main', person, 'photo'))).length;
    return { registry, face, namesOf };
  }

  test('writes the name, another name, and unknown', async () => {
    const { registry, face, namesOf } = await prepareFace();
    const { faceId } = face;

    expect(await registry.setMatch(face, matchOf('Ann'))).toBe('written');
    expect(await registry.getFace('main', faceId)).toEqual({ ...face, match: matchOf('Ann') });
    expect(await registry.setMatch({ ...face, match: matchOf('Ann') }, matchOf('Bill'))).toBe('written');
    expect([await namesOf('Ann'), await namesOf('Bill')]).toEqual([0, 1]);
    expect(await registry.setMatch({ ...face, match: matchOf('Bill') }, undefined)).toBe('written');
    expect(await registry.getFace('main', faceId)).toEqual(face);
    expect(await namesOf('Bill')).toBe(0);
  });

  test('writes nothing when somebody else has named it meanwhile', async () => {
    const { registry, face } = await prepareFace({ match: matchOf('Ann') });
    const { match: _, ...unnamed } = face;

    expect(await registry.setMatch(unnamed, matchOf('Bill'))).toBe('changed');
    expect(await registry.setMatch({ ...face, match: matchOf('Bill') }, undefined)).toBe('changed');

    expect(await registry.getFace('main', face.faceId)).toEqual(face);
  });

  test('does not bring back a face that is gone', async () => {
    const { registry, face } = await prepareFace();
    await registry.deleteFaces([face]);

    expect(await registry.setMatch(face, matchOf('Ann'))).toBe('gone');

    expect(await registry.facesOfImage(face.imageId)).toEqual([]);
  });
});

describe('assigning a face', () => {
  async function prepareFace(changes: Partial<FaceRecord> = {}) {
    const { registry } = await prepare();
    const face = faceOf('photos/a.jpg', 1, changes);
    await registry.addFace(face);
    const facesOf = async (person: string) => (await registry.getPerson('main', person))?.faceIds;
    return { registry, face, facesOf };
  }

  test('makes it one that names its person, who begins to exist by it', async () => {
    const { registry, face, facesOf } = await prepareFace({ match: matchOf('Bill') });

    expect(await registry.assignFace(face, 'Ann')).toBe('written');

    const { match: _, ...unmatched } = face;
    const assigned = { ...unmatched, role: 'person', person: 'Ann', assignedAt: now.toISOString() };
    expect(await registry.getFace('main', face.faceId)).toEqual(assigned);
    expect(await facesOf('Ann')).toEqual([face.faceId]);
    expect(await collect(registry.facesOfPerson('main', 'Ann', 'person'))).toEqual([assigned]);
    expect(await collect(registry.facesOfPerson('main', 'Bill', 'photo'))).toEqual([]);
  });

  test('takes it from whomever it was, and releases it', async () => {
    const { registry, face, facesOf } = await prepareFace();
    await registry.assignFace(face, 'Ann');

    expect(await registry.assignFace({ ...face, person: 'Ann' }, 'Bill')).toBe('written');
    expect([await facesOf('Ann'), await facesOf('Bill')]).toEqual([undefined, [face.faceId]]);
    expect(await registry.assignFace({ ...face, person: 'Bill' }, undefined)).toBe('written');
    expect(await facesOf('Bill')).toBeUndefined();

    expect(await registry.getFace('main', face.faceId)).toEqual({ ...face, assignedAt: now.toISOString() });
    expect(await collect(registry.facesOfPerson('main', 'Bill', 'person'))).toEqual([]);
  });

  test("leaves a face that is nobody's as it is when it is released", async () => {
    const { registry, face } = await prepareFace({ match: matchOf('Ann') });

    expect(await registry.assignFace(face, undefined)).toBe('written');

    expect(await registry.getFace('main', face.faceId)).toEqual(face);
    expect(await collect(registry.facesOfPerson('main', 'Ann', 'photo'))).toEqual([face]);
  });

  test("does nothing to one that is somebody else's by now, or gone", async () => {
    const { registry, face, facesOf } = await prepareFace();
    await registry.assignFace(face, 'Ann');

    expect(await registry.assignFace(face, 'Bill')).toBe('changed');
    expect(await registry.assignFace({ ...face, person: 'Carol' }, undefined)).toBe('changed');
    await registry.deleteFaces([{ ...face, person: 'Ann' }]);
    expect(await registry.assignFace(face, 'Bill')).toBe('gone');

    expect([await facesOf('Ann'), await facesOf('Bill')]).toEqual([undefined, undefined]);
  });

  test('keeps tag from naming it otherwise', async () => {
    const { registry, face } = await prepareFace();
    await registry.assignFace(face, 'Ann');

    expect(await registry.setMatch(face, matchOf('Bill'))).toBe('changed');

    expect(await registry.getFace('main', face.faceId)).toMatchObject({ person: 'Ann', role: 'person' });
  });

  test('by two at once lets one win', async () => {
    const { registry, face, facesOf } = await prepareFace();

    const outcomes = await Promise.all(['Ann', 'Bill'].map((person) => registry.assignFace(face, person)));

    expect([...outcomes].sort()).toEqual(['changed', 'written']);
    const [winner, loser] = outcomes[0] === 'written' ? ['Ann', 'Bill'] : ['Bill', 'Ann'];
    expect([await facesOf(winner!), await facesOf(loser!)]).toEqual([[face.faceId], undefined]);
  });

  test('that broke off anywhere is healed by repeating it', async () => {
    const { registry, client } = await prepare();
    for (let writes = 0; writes < 5; writes++) {
      const face = faceOf(`photos/${writes}.jpg`, 1, { collection: `run-${writes}` });
      const { collection } = face;
      await registry.addFace(face);
      await registry.assignFace(face, 'Ann');
      const breaking = breakAfter(client, writes);
      await registry.assignFace({ ...face, person: 'Ann' }, 'Bill').catch(() => {});
      breaking.ends();

      const found = (await registry.getFace(collection, face.faceId))!;
      expect(await registry.assignFace(found, 'Bill')).toBe('written');

      expect(await registry.getFace(collection, face.faceId)).toMatchObject({ person: 'Bill' });
      expect((await registry.getPerson(collection, 'Bill'))?.faceIds).toEqual([face.faceId]);
      expect(await registry.getPerson(collection, 'Ann')).toBeUndefined();
    }
  });

  /** Several at once who read a face and then assign, release, enrol or delete it, one call of them after the other as the dice fall. */
  test('by many at once, in whatever order their calls come, leaves people and face of one mind', async () => {
    const { registry: plain, client } = await prepare();
    const person = fc.constantFrom('Ann', 'Bill');
    const doing = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('assign' as const),
          person: fc.option(person, { nil: undefined, freq: 3 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('enrol' as const), person }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), person }) },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(doing, { minLength: 2, maxLength: 3 }),
        fc.option(person, { nil: undefined }),
        fc.infiniteStream(fc.nat()),
        async (doings, owner, dice) => {
          const collection = `run-${run++}`;
          const face = faceOf(`photos/${run}.jpg`, 1, { collection });
          await plain.addFace(face);
          await plain.assignFace(face, owner);
          const turns = new Turns(client);
          const registry = new DynamoFaceRegistry({ client: turns.client, table, now: () => now });

          await turns.play(
            doings.map(({ kind, person }) => async () => {
              const [found] = await registry.facesOfImage(face.imageId);
              if (!found) return;
              if (kind === 'assign') await registry.assignFace(found, person);
              else if (kind === 'enrol') await registry.enrol({ ...found, person });
              else await registry.deleteFaces([found]);
            }),
            () => dice.next().value!,
          );

          const [left] = await plain.facesOfImage(face.imageId);
          for (const name of ['Ann', 'Bill']) {
            const listed = (await plain.getPerson(collection, name))?.faceIds ?? [];
            expect(listed, name).toEqual(left?.person === name ? [face.faceId] : []);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** Lets some writes through, and fails all calls after them. */
function breakAfter(client: DynamoDBClient, writes: number): { ends(): void } {
  let left = writes;
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        if (left < 0) throw new Error('broken off');
        if (/Put|Update|Delete/.test(commandName) && --left < 0) throw new Error('broken off');
        return next(args);
      },
    { step: 'initialize', name: 'breaking' },
  );
  return { ends: () => void client.middlewareStack.remove('breaking') };
}

/** A client whose calls wait for their turn: one is made at a time, from whichever of several works has one to make. */
class Turns {
  readonly client: DynamoDBClient;
  readonly #waiting: (() => Promise<void>)[] = [];

  constructor(client: DynamoDBClient) {
    const send = (command: Parameters<DynamoDBClient['send']>[0]) =>
      new Promise((resolve, reject) => {
        this.#waiting.push(() => client.send(command).then(resolve, reject));
      });
    this.client = Object.create(client, { send: { value: send } });
  }

  async play(works: readonly (() => Promise<void>)[], dice: () => number): Promise<void> {
    let left = works.length;
    const played = Promise.all(works.map((work) => work().finally(() => left--)));
    while (left > 0) {
      if (this.#waiting.length < left) await nextTick();
      else await this.#waiting.splice(dice() % left, 1)[0]!();
    }
    await played;
  }
}

describe('collections', () => {
  test('are made once, found and listed, and main is always among them', async () => {
    const { registry } = await prepare();
    const createdAt = now.toISOString();

    expect(await registry.createCollection('zoo')).toBe(true);
    expect(await registry.createCollection('zoo')).toBe(false);
    expect(await registry.createCollection('angels')).toBe(true);

    expect(await registry.getCollection('zoo')).toEqual({ collection: 'zoo', createdAt });
    expect(await registry.getCollection('main')).toEqual({ collection: 'main', createdAt });
    expect(await registry.getCollection('other')).toBeUndefined();
    const first = await registry.listCollections({ limit: 2 });
    const second = await registry.listCollections({ limit: 2, after: first.next! });
    expect([...first.items, ...second.items].map(({ collection }) => collection)).toEqual(['angels', 'main', 'zoo']);
  });

  test('are deleted, also twice, but for main', async () => {
    const { registry } = await prepare();
    await registry.createCollection('zoo');

    for (const collection of ['zoo', 'zoo', 'main']) await registry.deleteCollection(collection);

    expect(await registry.getCollection('zoo')).toBeUndefined();
    expect((await registry.listCollections({ limit: 5 })).items.map(({ collection }) => collection)).toEqual(['main']);
  });
});

describe('lists', () => {
  test('of images follow their keys, page by page', async () => {
    const { registry } = await prepare();
    const keys = ['photos/a.jpg', 'photos/b c.jpg', 'photos/d/e.jpg', 'photos/é.jpg'];
    for (const key of [...keys].reverse()) await registry.claimImage(imageOfKey(key));
    await registry.claimImage(imageOfKey('collections/x/photos/a.jpg', 1, 'x'));

    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await registry.listImages('main', { limit: 1, ...(after && { after }) });
      seen.push(...page.items.map(({ source }) => source.key));
      after = page.next;
    } while (after);

    expect(seen).toEqual(keys);
  });

  test('of faces can be of one person: the enrolled ones first, then those in photos, over pages', async () => {
    const { registry } = await prepare();
    const enrolled = [1, 2].map((i) => faceOf(`people/Ann/${i}.jpg`, i, { role: 'person', person: 'Ann' }));
    const matched = [1, 2, 3].map((i) => faceOf('photos/a.jpg', i, { match: matchOf('Ann') }));
    for (const face of [...enrolled, ...matched, faceOf('photos/b.jpg', 9)]) await registry.addFace(face);

    const first = await registry.listFaces('main', { person: 'Ann' }, { limit: 3 });
    const second = await registry.listFaces('main', { person: 'Ann' }, { limit: 3, after: first.next! });

    expect(first.items.map(({ role }) => role)).toEqual(['person', 'person', 'photo']);
    expect(second).toEqual({ items: [expect.anything(), expect.anything()] });
    expect(new Set([...first.items, ...second.items].map(({ faceId }) => faceId)).size).toBe(5);
  });

  test('leave out what an index that is behind still holds', async () => {
    const { registry, client } = await prepare();
    const [stays, renamed, gone] = [1, 2, 3].map((i) => faceOf('photos/a.jpg', i, { match: matchOf('Ann') })) as [
      FaceRecord,
      FaceRecord,
      FaceRecord,
    ];
    for (const face of [stays, renamed, gone]) await registry.addFace(face);
    const index = freezeIndexes(client);
    await collect(registry.facesOfPerson('main', 'Ann', 'photo'));
    index.frozen = true;
    await registry.setMatch(renamed, matchOf('Bill'));
    await registry.deleteFaces([gone]);

    expect(await collect(registry.facesOfPerson('main', 'Ann', 'photo'))).toEqual([stays]);
  });

  test('end without a next page when the last is full', async () => {
    const { registry } = await prepare();
    for (const key of ['photos/a.jpg', 'photos/b.jpg']) await registry.claimImage(imageOfKey(key));

    expect((await registry.listImages('main', { limit: 2 })).next).toBeUndefined();
  });

  test('refuse a page that is none of theirs', async () => {
    const { registry } = await prepare();
    for (const i of [1, 2, 3]) await registry.addFace(faceOf('photos/a.jpg', i));
    for (const key of ['photos/a.jpg', 'photos/b.jpg']) await registry.claimImage(imageOfKey(key));
    const ofFaces = (await registry.listFaces('main', {}, { limit: 1 })).next!;
    const ofImages = (await registry.listImages('main', { limit: 1 })).next!;
    const forged = [{}, [], null, 'x', { pk: 1 }].map((value) =>
      Buffer.from(JSON.stringify(value)).toString('base64url'),
    );

    for (const after of [...forged, '', '%%%', ofFaces.slice(3), ofImages]) {
      const page = registry.listFaces('main', {}, { limit: 1, after });
      await expect(page, after).rejects.toThrow(RequestError);
      await expect(page, after).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    }
    await expect(registry.listFaces('other', {}, { limit: 1, after: ofFaces })).rejects.toThrow(RequestError);
    await expect(registry.listImages('main', { limit: 1, after: ofFaces })).rejects.toThrow(RequestError);
    await expect(registry.listPeople('main', { limit: 1, after: ofFaces })).rejects.toThrow(RequestError);
  });
});

/** Makes an index answer, once it is frozen, what it answered last. */
function freezeIndexes(client: DynamoDBClient): { frozen: boolean } {
  const index = { frozen: false };
  let last: unknown;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== 'QueryCommand') return next(args);
      if (index.frozen) return last as Awaited<ReturnType<typeof next>>;
      const answer = await next(args);
      last = answer;
      return answer;
    },
    { step: 'initialize' },
  );
  return index;
}
