/**
 * Exact search among many faces through SearchVectors of the embedded stack, beside a plain loop over float32 in the same run:
 *
 *     npx tsx bench/search.ts [--vectors 1000000] [--json]
 *
 * The index is filled as writes fill it, by VectorIndex; of the items only those that are found are put into the table, since a million would take half an hour.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  SearchVectorsCommand,
} from '@aws-sdk/client-dynamodb';
import { exactSearch, type Matches, MetricKind } from 'usearch';
import { catalog } from '../layers/models/catalog.ts';
import { faceItem, faceKey, vectorList } from '../lib/adapters/dynamo-items.ts';
import { attribute, tableDefinition, vectorName } from '../lib/adapters/dynamo-table.ts';
import { defaultEmbedder } from '../lib/config.ts';
import type { FaceRecord } from '../lib/core/records.ts';
import { seededRandom } from '../lib/vision/seeded-random.ts';
import type { VectorIndexDefinition } from '../local/dynamodb/definitions.ts';
import { startDynamoDb } from '../local/dynamodb/server.ts';
import { VectorIndex } from '../local/dynamodb/vector-index.ts';
import { keep, type Spread, spreadOf, sunk } from './measure.ts';

const embedder = catalog[defaultEmbedder].card;
const { dimensions } = embedder;
const table = 'faces';
const definition = tableDefinition({ table, embedder });
const count = 10;
const rounds = 3;
/** Faces of one person, and how far they are apart: as the default embedder's are on LFW (median distance 0.76), and as ten shots of one moment (0.01). */
const facesOfPerson = 10;
const spread = 0.044;
const tightSpread = 0.0005;
/** Every so many-th person has only shots of one moment. */
const tightEvery = 20;

export interface SearchBench {
  readonly vectors: number;
  readonly dimensions: number;
  /** Milliseconds: the median, the fastest and the slowest of all searches. */
  readonly searchVectors: Spread;
  readonly plainLoop: Spread;
  readonly usearchFloat32: Spread;
  /** How much of what brute force in float64 finds was found, in the same order. */
  readonly recall: number;
  /** Milliseconds from the start of the process to the first answer. */
  readonly firstAnswer: number;
  /** Bytes. */
  readonly memory: { readonly float32: number; readonly process: number; readonly emptyProcess: number };
  /** Milliseconds until a put or deleted face is seen by a search, the write and the search included. */
  readonly addition: number;
  readonly deletion: number;
}

/** Runs the bench with so many faces. */
export async function benchSearch(vectors: number): Promise<SearchBench> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-search-'));
  try {
    return await benchIn(folder, vectors);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function benchIn(folder: string, vectors: number): Promise<SearchBench> {
  const random = seededRandom(20_261_124);
  const faces = crowd(vectors, random);
  const queries = queriesAmong(faces, random);
  const truth = queries.map((query) => plainLoop(faces, query));

  const empty = await Server.start(folder);
  await empty.client.send(new CreateTableCommand(definition));
  const emptyProcess = await empty.memory();
  await empty.stop();
  fillIndex(folder, faces);

  const started = performance.now();
  const server = await Server.start(folder);
  await server.search(queries[0]!);
  const firstAnswer = performance.now() - started;
  for (const row of new Set(truth.flat())) await server.put(row, vectorAt(faces, row));

  const times = { searchVectors: [] as number[], plainLoop: [] as number[], usearchFloat32: [] as number[] };
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    for (const [i, query] of queries.entries()) {
      const rows = await timed(times.searchVectors, () => server.search(query));
      const [nearest] = await timed(times.plainLoop, () => plainLoop(faces, query));
      const { keys } = await timed(times.usearchFloat32, () => usearchFloat32(faces, query));
      keep(rows[0]! + nearest! + Number(keys[0]));
      found += truth[i]!.filter((row, place) => rows[place] === row).length;
    }
  }
  const memory = await server.memory();
  const [addition, deletion] = await seenAfter(server, vectors, queries[1]!);
  await server.stop();
  return {
    vectors,
    dimensions,
    searchVectors: spreadOf(times.searchVectors),
    plainLoop: spreadOf(times.plainLoop),
    usearchFloat32: spreadOf(times.usearchFloat32),
    recall: found / (rounds * queries.length * count),
    firstAnswer,
    memory: { float32: faces.byteLength, process: memory, emptyProcess },
    addition,
    deletion,
  };
}

/** People on the unit sphere, and their faces around them. */
function crowd(vectors: number, random: () => number): Float32Array {
  const faces = new Float32Array(vectors * dimensions);
  const person = new Float32Array(dimensions);
  for (let row = 0; row < vectors; row++) {
    const nth = Math.floor(row / facesOfPerson);
    if (row % facesOfPerson === 0) person.set(around(new Float32Array(dimensions), 1, random));
    vectorAt(faces, row).set(around(person, nth % tightEvery === 0 ? tightSpread : spread, random));
  }
  return faces;
}

/** A unit vector near another. */
function around(centre: Float32Array, spread: number, random: () => number): Float32Array {
  const vector = centre.map((value) => value + spread * gauss(random));
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

/** New faces of people who are there, some of them in tight clusters, and of people who are not. */
function queriesAmong(faces: Float32Array, random: () => number): Float32Array[] {
  const people = faces.length / dimensions / facesOfPerson;
  return Array.from({ length: 20 }, (_, i) => {
    if (i % 4 === 3) return around(new Float32Array(dimensions), 1, random);
    const any = Math.floor(random() * people);
    const person = i % 4 === 2 ? any - (any % tightEvery) : any;
    return around(vectorAt(faces, person * facesOfPerson), i % 4 === 2 ? tightSpread : spread, random);
  });
}

/** The rival: every distance in float64, one after the other, and the rows of the nearest. */
function plainLoop(faces: Float32Array, query: Float32Array): number[] {
  const nearest: number[] = new Array(count).fill(-1);
  const distances = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  for (let row = 0, at = 0; at < faces.length; row++, at += dimensions) {
    let sum = 0;
    for (let i = 0; i < dimensions; i++) {
      const difference = faces[at + i]! - query[i]!;
      sum += difference * difference;
    }
    if (sum >= distances[count - 1]!) continue;
    let place = count - 1;
    for (; place > 0 && distances[place - 1]! > sum; place--) {
      distances[place] = distances[place - 1]!;
      nearest[place] = nearest[place - 1]!;
    }
    distances[place] = sum;
    nearest[place] = row;
  }
  return nearest;
}

/** The other rival: the same in native code, in float32, on one thread, which is its fastest. */
function usearchFloat32(faces: Float32Array, query: Float32Array): Matches {
  return exactSearch(faces, query, dimensions, count, MetricKind.L2sq, 1) as Matches;
}

function fillIndex(folder: string, faces: Float32Array): void {
  const [index] = definition.VectorIndexes;
  const path = join(folder, 'vectors', table, index.IndexName);
  const filled = new VectorIndex(index satisfies VectorIndexDefinition, path);
  for (let row = 0; row < faces.length / dimensions; row++) {
    const item = itemOf(row, vectorAt(faces, row));
    filled.set(JSON.stringify([item[attribute.partition], item[attribute.sort]]), item);
  }
  filled.journal.markWhole();
  filled.close();
  // A start does not share the disk with a gigabyte that is still being written.
  for (const name of readdirSync(path)) {
    const file = openSync(join(path, name), 'r+');
    fsyncSync(file);
    closeSync(file);
  }
}

/** How long a face that is put nearest to a query, and then deleted, takes to be seen by a search. */
async function seenAfter(server: Server, row: number, query: Float32Array): Promise<readonly [number, number]> {
  const times: number[] = [];
  const added = await timed(times, async () => {
    await server.put(row, query);
    return server.search(query);
  });
  const deleted = await timed(times, async () => {
    await server.client.send(new DeleteItemCommand({ TableName: table, Key: faceKey(idsOf(row)) }));
    return server.search(query);
  });
  if (added[0] !== row || deleted.includes(row)) throw new Error('Expected a write to be seen by the next search.');
  return times as [number, number];
}

function itemOf(row: number, embedding: Float32Array): Record<string, AttributeValue> {
  const middle = [50, 50] as const;
  const face: FaceRecord = {
    ...idsOf(row),
    collection: 'main',
    role: 'photo',
    source: { bucket: 'bench', key: `photos/${row}.jpg` },
    sequencer: '0',
    model: embedder.id,
    box: { left: 0, top: 0, width: 100, height: 100 },
    landmarks: { leftEye: middle, rightEye: middle, nose: middle, mouthLeft: middle, mouthRight: middle },
    confidence: 1,
    imageWidth: 1000,
    imageHeight: 1000,
    embedding,
  };
  return faceItem(face);
}

/** Ids as long as real ones, in which the row can be read. */
function idsOf(row: number) {
  const id = `00000000-0000-5000-8000-${String(row).padStart(12, '0')}`;
  return { imageId: id, faceId: id };
}

function vectorAt(faces: Float32Array, row: number): Float32Array {
  return faces.subarray(row * dimensions, (row + 1) * dimensions);
}

async function timed<T>(times: number[], task: () => T | Promise<T>): Promise<T> {
  const start = performance.now();
  const result = await task();
  times.push(performance.now() - start);
  return result;
}

/** The embedded DynamoDB in a process of its own, so that its memory is its own. */
class Server {
  readonly client: DynamoDBClient;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    this.client = new DynamoDBClient({ endpoint: url, region: 'us-east-1', credentials });
  }

  static async start(folder: string): Promise<Server> {
    const process = fork(import.meta.filename, ['--serve', folder]);
    const ended = once(process, 'exit').then(([code, signal]) => {
      throw new Error(`Expected the server to start, it ended with ${code ?? signal}.`);
    });
    const [url] = await Promise.race([once(process, 'message'), ended]);
    return new Server(process, url);
  }

  /** The rows of the faces nearest to a query. */
  async search(query: Float32Array): Promise<number[]> {
    const { SearchResults = [] } = await this.client.send(
      new SearchVectorsCommand({
        TableName: table,
        IndexName: vectorName(embedder.id),
        SearchVector: vectorList(query),
        SearchConditionExpression: '#c = :c',
        ProjectionExpression: attribute.partition,
        ExpressionAttributeNames: { '#c': attribute.collection },
        ExpressionAttributeValues: { ':c': { S: 'main' } },
        TopK: count,
      }),
    );
    return SearchResults.map(({ Item }) => Number(Item![attribute.partition]!.S!.slice(-12)));
  }

  async put(row: number, embedding: Float32Array): Promise<void> {
    await this.client.send(new PutItemCommand({ TableName: table, Item: itemOf(row, embedding) }));
  }

  /** Bytes of the whole process. */
  async memory(): Promise<number> {
    const answered = once(this.#process, 'message');
    this.#process.send('memory');
    return (await answered)[0];
  }

  async stop(): Promise<void> {
    this.client.destroy();
    const ended = once(this.#process, 'exit');
    this.#process.send('stop');
    await ended;
  }
}

async function serve(folder: string): Promise<void> {
  const server = await startDynamoDb({ path: folder });
  process.on('message', async (message) => {
    if (message === 'memory') process.send!(process.memoryUsage().rss);
    else {
      await server.close();
      process.disconnect();
    }
  });
  process.send!(server.url);
}

/** A number of the normal distribution (Box and Muller 1958). */
function gauss(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function report(result: SearchBench): string {
  const { searchVectors, plainLoop, usearchFloat32, memory } = result;
  const ms = ({ median, least, most }: Spread) => `${median.toFixed(1)} ms (${least.toFixed(1)} to ${most.toFixed(1)})`;
  const part = ({ median }: Spread) => `1/${(plainLoop.median / median).toFixed(1)} of the plain loop`;
  const parts = (bytes: number) =>
    `${(bytes / 1e6).toFixed(0)} MB, ${(bytes / memory.float32).toFixed(2)} of the vectors`;
  return [
    `nearest ${count} of ${result.vectors} × ${result.dimensions}, ${cpus()[0]!.model}, ${cpus().length} cores, Node ${process.version}`,
    `SearchVectors     ${ms(searchVectors)}, ${part(searchVectors)}`,
    `plain loop        ${ms(plainLoop)}`,
    `USearch, float32  ${ms(usearchFloat32)}, ${part(usearchFloat32)}`,
    `recall            ${result.recall}`,
    `first answer      ${result.firstAnswer.toFixed(0)} ms after the start of the process`,
    `memory            ${parts(memory.process)}; of that ${(memory.emptyProcess / 1e6).toFixed(0)} MB without any`,
    `write and search  ${result.addition.toFixed(0)} ms to see an addition, ${result.deletion.toFixed(0)} ms a deletion`,
    `sink              ${sunk()}`,
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: { vectors: { type: 'string', default: '1000000' }, json: { type: 'boolean' }, serve: { type: 'string' } },
  });
  if (values.serve !== undefined) await serve(values.serve);
  else {
    const result = await benchSearch(Number(values.vectors));
    console.log(values.json ? JSON.stringify({ ...result, sink: sunk() }, null, 2) : report(result));
  }
}
