import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { DynamoFaceRegistry } from '../../lib/adapters/dynamo-face-registry.ts';
import { tableDefinition } from '../../lib/adapters/dynamo-table.ts';
import { ensureVectorIndex, vectorIndexesOf, vectorIndexIsActive } from '../../lib/adapters/dynamo-vector-index.ts';
import { localDynamoDbClient } from '../../local/clients.ts';
import { startDynamoDb } from '../../local/dynamodb/server.ts';
import { faceOf } from './records.ts';

const table = 'facenet';

/** The embedded table with the vectors of an embedder of two dimensions, `plane`; gone when the test ends. */
async function prepare() {
  const path = await mkdtemp(join(tmpdir(), 'vector-index-'));
  const server = await startDynamoDb({ path });
  const client = localDynamoDbClient(server.url);
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await rm(path, { recursive: true });
  });
  await client.send(new CreateTableCommand(tableDefinition({ table, embedder: { id: 'plane', dimensions: 2 } })));
  return {
    client,
    old: new DynamoFaceRegistry({ client, table, embedder: 'plane' }),
    next: new DynamoFaceRegistry({ client, table, embedder: 'space' }),
  };
}

const space = { id: 'space', dimensions: 3 };
const vector = Float32Array.of(Math.fround(0.48), Math.fround(0.6), Math.fround(0.64));

test('a second embedder gets an index beside the first, and a face vectors of both', async () => {
  const { client, old, next } = await prepare();
  const face = faceOf('photos/a.jpg', 1);
  await old.addFace(face);
  await ensureVectorIndex(client, table, space);
  await ensureVectorIndex(client, table, space);
  await vectorIndexIsActive(client, table, space.id);

  expect(await next.facesOfImage(face.imageId)).toEqual([face]);
  expect(await next.nearest({ collection: 'main', model: 'space', embedding: vector, count: 1 })).toEqual([]);
  expect(await next.addVector(face, 'space', vector)).toBe(true);

  expect(await old.facesOfImage(face.imageId)).toEqual([face]);
  expect(await next.facesOfImage(face.imageId)).toEqual([{ ...face, model: 'space', embedding: vector }]);
  const byOld = await old.nearest({ collection: 'main', model: 'plane', embedding: face.embedding, count: 1 });
  expect(byOld).toMatchObject([{ face: { faceId: face.faceId, model: 'plane' }, distance: 0 }]);
  const byNew = await next.nearest({ collection: 'main', model: 'space', embedding: vector, count: 1 });
  expect(byNew).toMatchObject([{ face: { faceId: face.faceId, model: 'space' }, distance: 0 }]);
  expect((await vectorIndexesOf(client, table))?.map(({ ItemCount }) => ItemCount)).toEqual([1, 1]);
});

test('a face that is gone stays gone', async () => {
  const { client, next } = await prepare();
  await ensureVectorIndex(client, table, space);
  const face = faceOf('photos/a.jpg', 1);
  expect(await next.addVector(face, 'space', vector)).toBe(false);
  expect(await next.facesOfImage(face.imageId)).toEqual([]);
});

test('an index of other dimensions is not taken for the one that is wanted', async () => {
  const { client } = await prepare();
  await ensureVectorIndex(client, table, space);
  const wider = ensureVectorIndex(client, table, { ...space, dimensions: 4 });
  await expect(wider).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringContaining('4 dimensions'),
  });
  const nowhere = ensureVectorIndex(client, 'nowhere', space);
  await expect(nowhere).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
});
