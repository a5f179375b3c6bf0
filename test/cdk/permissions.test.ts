import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createApp } from '../../functions/match/http/app.ts';
import { createS3Client } from '../../lib/adapters/aws-clients.ts';
import { DynamoFaceRegistry } from '../../lib/adapters/dynamo-face-registry.ts';
import { index, isVectorName, tableDefinition } from '../../lib/adapters/dynamo-table.ts';
import { createAnsweredRequests } from '../../lib/adapters/powertools-idempotency.ts';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { createS3PhotoUploads } from '../../lib/adapters/s3-photo-uploads.ts';
import { followObjectChange } from '../../lib/core/detect-image.ts';
import { embedFaces } from '../../lib/core/embed-faces.ts';
import { type ObjectChange, objectChangesOf } from '../../lib/core/object-changes.ts';
import { followImage } from '../../lib/core/tag-image.ts';
import { localDynamoDbClient } from '../../local/clients.ts';
import { startDynamoDb } from '../../local/dynamodb/server.ts';
import type { LoopbackServer } from '../../local/loopback-server.ts';
import {
  card,
  FakeBus,
  FakeEmbedder,
  FakeFaceQueue,
  FakeMetrics,
  FakeStore,
  FakeTagQueue,
  FakeVision,
  fakeUploads,
  now,
  photoOf,
  silentLog,
} from '../core/fakes.ts';
import { resourcesOf, synthesise } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

const table = 'facenet';
type Name = 'Detect' | 'Embed' | 'Tag' | 'Match';

let server: LoopbackServer;
let folder: string;
/** What each function did to the table, as `action on resource`. */
const used: Record<Name, Set<string>> = { Detect: new Set(), Embed: new Set(), Tag: new Set(), Match: new Set() };
const clients: DynamoDBClient[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'permissions-'));
  server = await startDynamoDb({ path: folder });
  const client = localDynamoDbClient(server.url);
  clients.push(client);
  await client.send(new CreateTableCommand(tableDefinition({ table, embedder: card })));
  await waitUntilTableExists({ client, maxWaitTime: 240, minDelay: 0.05, maxDelay: 0.05 }, { TableName: table });
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.close();
  await rm(folder, { recursive: true });
});

/** A client whose calls are written down for a function. */
function clientOf(name: Name): DynamoDBClient {
  const client = localDynamoDbClient(server.url);
  clients.push(client);
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        const { IndexName } = args.input as { readonly IndexName?: string };
        used[name].add(`dynamodb:${commandName.replace('Command', '')} on ${IndexName ? kindOf(IndexName) : 'table'}`);
        return next(args);
      },
    { step: 'initialize' },
  );
  return client;
}

function registryOf(name: Name): DynamoFaceRegistry {
  return new DynamoFaceRegistry({ client: clientOf(name), table, embedder: card.id });
}

const kindOf = (indexName: string) => (isVectorName(indexName) ? 'vector index' : indexName);

/** What the template lets a function do, in the same words. */
function granted(name: Name, service: string): Set<string> {
  const policy = resourcesOf(synthesise(), 'AWS::IAM::Policy').find(([path]) => path.includes(`/${name}/Role`))!;
  const statements: { Action: string | string[]; Resource: unknown }[] = policy[1].Properties.PolicyDocument.Statement;
  return new Set(
    statements.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          action.startsWith(`${service}:`) ? [Resource].flat().map((each) => `${action} on ${placeOf(each)}`) : [],
        ),
    ),
  );
}

function placeOf(resource: unknown): string {
  const text = JSON.stringify(resource);
  const [, indexName] = /\/index\/([\w-]+)/.exec(text) ?? [];
  if (indexName) return kindOf(indexName);
  return text.includes('Table') ? 'table' : /\/(people|photos|collections)\/\*/.test(text) ? 'objects' : 'bucket';
}

it('each function may call DynamoDB as it does, and no further', async () => {
  const store = new FakeStore();
  const vision = new FakeVision();
  const [faces, tags, bus, metrics] = [new FakeFaceQueue(), new FakeTagQueue(), new FakeBus(), new FakeMetrics()];
  const embedder = new FakeEmbedder();
  const common = { tags, bus, metrics, log: silentLog, now: () => new Date(now) };
  const seen = { store, decoder: vision, detector: vision };
  const detect = { ...common, ...seen, faces, embedder: card, registry: registryOf('Detect') };
  const embed = { ...common, embedder, registry: registryOf('Embed') };
  const tag = { ...common, embedder: card, registry: registryOf('Tag') };
  const match = createApp({
    ...common,
    ...seen,
    embedder,
    bucket: 'photos',
    maxRequestBytes: 100_000,
    callers: { open: true },
    maxImageBytes: 1_000_000,
    answered: createAnsweredRequests({ client: clientOf('Match'), table }),
    uploads: fakeUploads,
    registry: registryOf('Match'),
  });
  let changes = 0;
  const change = (eventName: string, key: string, object: object = {}): ObjectChange =>
    objectChangesOf(
      JSON.stringify({
        Records: [
          {
            eventName,
            s3: {
              bucket: { name: 'photos' },
              object: { key, sequencer: String(++changes).padStart(6, '0'), ...object },
            },
          },
        ],
      }),
    )[0]!;
  const put = (key: string, photo: string) => {
    const eTag = store.put(key, photoOf(photo), `tag-${photo}`);
    return change('ObjectCreated:Put', key, { size: photo.length, eTag });
  };
  const settle = async () => {
    while (faces.messages.length + tags.messages.length > 0) {
      await embedFaces(embed, faces.messages.splice(0));
      for (const message of tags.messages.splice(0)) await followImage(tag, message);
    }
  };
  const follow = async (each: ObjectChange) => {
    await followObjectChange(detect, each);
    await settle();
  };

  await follow(put('photos/party.jpg', '10@40 200@30'));
  await follow(put('people/alice/1.jpg', '10@40'));
  await follow(put('people/alice/2.jpg', '11@40'));
  await follow(put('people/alice/2.jpg', '12@40'));
  await follow(put('people/bob/1.jpg', ''));
  await follow(change('ObjectRemoved:Delete', 'people/alice/2.jpg'));
  const again = put('people/dave/1.jpg', '60@40');
  await follow(again);
  await follow(again);
  await follow(change('ObjectRemoved:Delete', 'people/dave/1.jpg'));
  // A face that comes to embed a second time, while its photo goes.
  await followObjectChange(detect, put('people/carol/1.jpg', '100@40'));
  const late = [...faces.messages];
  await settle();
  const addFace = embed.registry.addFace.bind(embed.registry);
  vi.spyOn(embed.registry, 'addFace').mockImplementation(async (face) => {
    await detect.registry.buryImage(face.imageId, String(++changes).padStart(32, 'F'));
    return addFace(face);
  });
  await embedFaces(embed, late);
  await settle();
  vi.restoreAllMocks();
  // A face that is erased while tag enrols it.
  const enrol = tag.registry.enrol.bind(tag.registry);
  vi.spyOn(tag.registry, 'enrol').mockImplementationOnce(async (face) => {
    await enrol(face);
    await detect.registry.deleteFaces(await detect.registry.facesOfImage(face.imageId));
    await enrol(face);
  });
  await follow(put('people/eve/1.jpg', '150@40'));

  const statuses: number[] = [];
  const ask = async (method: string, path: string, json?: object, headers: Record<string, string> = {}) => {
    const body = json && { body: JSON.stringify(json) };
    const sent = { 'content-type': 'application/json', ...headers };
    statuses.push((await match.request(path, { method, ...body, headers: sent })).status);
  };
  await ask('GET', '/v1/people');
  await ask('GET', '/v1/people/alice');
  await ask('GET', '/v1/faces');
  await ask('GET', '/v1/faces?person=alice');
  await ask('GET', '/v1/photos');
  await ask('POST', '/v1/search', { image: { key: 'photos/party.jpg' } });
  await ask('POST', '/v1/verify', { source: { key: 'photos/party.jpg' }, person: 'alice' });
  const bytes = Buffer.from(photoOf('140@40')).toString('base64');
  await ask('POST', '/v1/collections', { collection: 'team' });
  await ask('GET', '/v1/collections');
  await ask('GET', '/v1/collections/team');
  await ask('DELETE', '/v1/collections/team');
  await ask('POST', '/v1/faces', { image: { bytes } });
  await ask('POST', '/v1/people', { person: 'eve' });
  await ask('POST', '/v1/people/eve/faces', { image: { bytes } });
  await ask('PATCH', '/v1/people/eve', { person: 'ev' });
  await ask('POST', '/v1/people/ev/merge', { into: 'alice' });
  const once = { 'idempotency-key': '1' };
  await ask('DELETE', '/v1/photos/photos/party.jpg', undefined, once);
  await ask('DELETE', '/v1/photos/photos/party.jpg', undefined, once);
  await ask('DELETE', '/v1/people/alice');

  expect(statuses.filter((status) => status >= 400)).toEqual([]);
  for (const name of Object.keys(used) as Name[]) {
    expect([...used[name]].sort(), name).toEqual([...granted(name, 'dynamodb')].sort());
  }
  expect(index).toEqual({ byCollection: 'by-collection', byPerson: 'by-person' });
});

/** What S3 asks for each call of the image store (Service Authorization Reference of S3). A version is read and deleted by actions of its own. */
const s3Actions: Readonly<Record<string, readonly string[]>> = {
  GetObjectCommand: ['s3:GetObject on objects', 's3:GetObjectVersion on objects', 's3:ListBucket on bucket'],
  ListObjectsV2Command: ['s3:ListBucket on bucket'],
  ListObjectVersionsCommand: ['s3:ListBucketVersions on bucket'],
  PutObjectCommand: ['s3:PutObject on objects'],
  DeleteObjectsCommand: ['s3:DeleteObject on objects', 's3:DeleteObjectVersion on objects'],
};

it.each([
  ['Detect', ['read']],
  ['Embed', []],
  ['Tag', []],
  ['Match', ['read', 'remove', 'list', 'sign']],
] as const)('%s may call S3 as its image store does for %j, and no further', async (name, methods) => {
  const called = new Set<string>();
  for (const setting of ['REGION', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY']) vi.stubEnv(`AWS_${setting}`, 'us-east-1');
  const client = createS3Client({ s3PathStyle: false });
  answering(client, (command) => {
    called.add(command);
    return command === 'ListObjectVersionsCommand'
      ? { Versions: [{ Key: 'photos/a', VersionId: '1' }] }
      : { Body: [], Contents: [] };
  });
  const store = createS3ImageStore(client, { maxImageBytes: 10 });
  const source = { bucket: 'mine', key: 'photos/a' };
  const uploads = createS3PhotoUploads(client);
  for (const method of methods) {
    if (method === 'sign') await uploads.sign({ ...source, bytes: 1 }, 60).catch(() => {});
    else if (method === 'list') for await (const _ of store.list('mine', 'photos/'));
    else await store[method](source);
  }

  const needed = new Set([...called].flatMap((command) => s3Actions[command]!));
  expect([...needed].sort()).toEqual([...granted(name, 's3')].sort());
});

/** Answers a client's commands before they leave. */
function answering(client: S3Client, answer: (command: string) => object): void {
  client.middlewareStack.add(
    (_, { commandName = '' }) =>
      async () =>
        ({ output: { $metadata: {}, ...answer(commandName) }, response: {} }) as never,
    { step: 'initialize' },
  );
}
