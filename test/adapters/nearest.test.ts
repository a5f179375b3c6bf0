import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DynamoDBClient,
  type SearchVectorsCommandInput,
  type SearchVectorsCommandOutput,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DynamoFaceRegistry } from '../../lib/adapters/dynamo-face-registry.ts';
import { tableDefinition } from '../../lib/adapters/dynamo-table.ts';
import type { FaceRecord } from '../../lib/core/records.ts';
import { euclideanDistance, toUnitLength } from '../../lib/vision/distance.ts';
import { startDynamoDb } from '../../local/dynamodb/server.ts';
import { faceOf } from './records.ts';

const table = 'facenet';
const dimensions = 8;

/** A registry on the local DynamoDB, with its vector index; gone when the test ends. */
async function prepare() {
  const path = await mkdtemp(join(tmpdir(), 'nearest-'));
  const server = await startDynamoDb({ path });
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await server.close();
    await rm(path, { recursive: true });
  });
  await client.send(new CreateTableCommand(tableDefinition({ table, embedder: { id: 'plane', dimensions } })));
  await waitUntilTableExists({ client, maxWaitTime: 240, minDelay: 0.05, maxDelay: 0.05 }, { TableName: table });
  return { client, registry: new DynamoFaceRegistry({ client, table }) };
}

/** Unit vectors that look random and are the same in every run. */
function vectors(count: number): Float32Array[] {
  let state = 42;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return Array.from({ length: count }, () => toUnitLength(Float32Array.from({ length: dimensions }, next)));
}

async function putFaces(registry: DynamoFaceRegistry, count: number, changes: (i: number) => Partial<FaceRecord>) {
  const faces = vectors(count).map((embedding, i) => faceOf('photos/a.jpg', i, { embedding, ...changes(i) }));
  for (const face of faces) await registry.addFace(face);
  return faces;
}

function nearestOf(faces: readonly FaceRecord[], embedding: Float32Array, count: number) {
  return faces
    .map((face) => ({ face, distance: euclideanDistance(face.embedding, embedding) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, count);
}

describe('the nearest faces', () => {
  test('are whole faces with exact distances, the nearest first, as many as asked for', async () => {
    const { registry } = await prepare();
    const faces = await putFaces(registry, 150, () => ({}));
    const [embedding] = vectors(151).slice(-1) as [Float32Array];

    for (const count of [1, 10, 100]) {
      const found = await registry.nearest({ collection: 'main', model: 'plane', embedding, count });

      expect(found).toEqual(nearestOf(faces, embedding, count));
    }
  });

  test('are of the collection, and of the role when one is asked for', async () => {
    const { registry } = await prepare();
    const faces = await putFaces(registry, 60, (i) => ({
      collection: i % 3 === 0 ? 'other' : 'main',
      ...(i % 10 === 1 && { role: 'person', person: 'Ann' }),
    }));
    const { embedding } = faces[0]!;
    const query = { collection: 'main', model: 'plane', embedding, count: 10 };
    const main = faces.filter(({ collection }) => collection === 'main');

    const found = await registry.nearest(query);
    const enrolled = await registry.nearest({ ...query, role: 'person' });

    expect(found).toEqual(nearestOf(main, embedding, 10));
    expect(enrolled).toEqual(
      nearestOf(
        main.filter(({ role }) => role === 'person'),
        embedding,
        10,
      ),
    );
    expect(await registry.nearest({ ...query, collection: 'empty' })).toEqual([]);
  });

  test('are those of the same model', async () => {
    const { registry } = await prepare();
    const faces = await putFaces(registry, 4, (i) => ({ model: i % 2 === 0 ? 'plane' : 'another' }));

    const found = await registry.nearest({
      collection: 'main',
      model: 'plane',
      embedding: faces[1]!.embedding,
      count: 10,
    });

    expect(found.map(({ face }) => face.model)).toEqual(['plane', 'plane']);
  });

  test('are without those that were deleted', async () => {
    const { registry } = await prepare();
    const faces = await putFaces(registry, 5, () => ({}));
    await registry.deleteFaces(faces.slice(0, 2));

    const found = await registry.nearest({
      collection: 'main',
      model: 'plane',
      embedding: faces[0]!.embedding,
      count: 10,
    });

    expect(found.map(({ face }) => face.faceId).sort()).toEqual(
      faces
        .slice(2)
        .map(({ faceId }) => faceId)
        .sort(),
    );
  });

  test('are ranked by their own vectors, from more than were asked for, as the index is approximate', async () => {
    const { registry, client } = await prepare();
    const faces = await putFaces(registry, 60, () => ({}));
    const asked: (number | undefined)[] = [];
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName !== 'SearchVectorsCommand') return answer;
        asked.push((args.input as unknown as SearchVectorsCommandInput).TopK);
        const { SearchResults = [] } = answer.output as SearchVectorsCommandOutput;
        return { ...answer, output: { ...answer.output, SearchResults: [...SearchResults].reverse() } };
      },
      { step: 'initialize' },
    );
    const { embedding } = faces[7]!;
    const query = { collection: 'main', model: 'plane', embedding };

    for (const count of [3, 20, 100]) {
      expect(await registry.nearest({ ...query, count })).toEqual(nearestOf(faces, embedding, count));
    }

    expect(asked).toEqual([25, 40, 100]);
  });
});
