import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { DynamoFaceRegistry } from '../lib/adapters/dynamo-face-registry.ts';
import type { VisionConfig } from '../lib/config.ts';
import { faceIdOf, imageIdOf } from '../lib/core/ids.ts';
import { embedChosenFaces } from '../lib/core/photo-faces.ts';
import { toUnitLength } from '../lib/vision/distance.ts';
import { seededRandom } from '../lib/vision/seeded-random.ts';
import { localDynamoDbClient } from '../local/clients.ts';
import { findStack, type StackAddress } from '../local/stack-file.ts';
import { openVision, type Vision } from '../local/vision.ts';
import { type Comparison, compare, timingOf } from './measure.ts';
import { sampleFile, samples } from './photos.ts';

/** Faces of the collection that is searched, every third of somebody enrolled. */
const storedFaces = 3000;
const clients = 100;
const requestsOfClient = 3;
/** Those that come before, until no more memory is taken than has to be. */
const warmingRequests = 2;
/** Photos that wait in the queue while the API is asked. */
const queuedPhotos = 150;

/** The API of a stack in processes of its own, through HTTP, beside the vision alone in this process; then with many clients, and with a full queue. */
export async function* benchApi(config: VisionConfig, rounds: number): AsyncGenerator<Comparison> {
  const vision = await openVision(config.embedder);
  const stack = await RunningStack.start();
  try {
    const photos = await Promise.all([megapixel(5), megapixel(6)]);
    await stack.enrol(samples[0]);
    await fillCollection(stack.address, vision);
    const verify = () => stack.post('verify', { source: photos[0], target: photos[1] });
    const search = () => stack.post('search', { image: photos[0] });
    // Each of the API's processes starts with the first request that finds no other free.
    await Promise.all([verify(), search(), verify(), search()]);

    yield compare(
      'api: verify two photos of 1 megapixel',
      [
        { name: 'POST /v1/verify', remark: 'through HTTP', run: verify },
        { name: 'the vision alone', remark: visionRemark, run: () => visionAlone(vision, photos) },
      ],
      { rounds },
    );
    yield compare(
      `api: search ${storedFaces} faces by a photo of 1 megapixel`,
      [
        { name: 'POST /v1/search', remark: 'through HTTP', run: search },
        { name: 'the vision alone', remark: visionRemark, run: () => visionAlone(vision, photos.slice(0, 1)) },
      ],
      { rounds },
    );
    yield await crowd(stack, search);
    yield await besideQueue(stack, verify, rounds);
  } finally {
    await stack.stop();
  }
}

const visionRemark = 'decoded, faces found, the largest cropped, embedded, in one process';

async function visionAlone(vision: Vision, photos: readonly Uint8Array[]): Promise<number> {
  const ports = { ...vision, store: { read: async () => undefined } };
  const used = await embedChosenFaces(
    ports,
    photos.map((bytes) => ({ photo: { bytes } })),
  );
  return used[0]!.embedding[0]!;
}

/** All clients at once, each with one request after the other. */
async function crowd(stack: RunningStack, search: () => Promise<number>): Promise<Comparison> {
  const times: number[] = [];
  let errors = 0;
  const ask = async (requests: number) => {
    for (let i = 0; i < requests; i++) {
      const start = performance.now();
      await search().catch(() => errors++);
      times.push(performance.now() - start);
    }
  };
  const all = (requests: number) => Promise.all(Array.from({ length: clients }, () => ask(requests)));
  await all(warmingRequests);
  const before = stack.memory();
  times.length = 0;
  await all(requestsOfClient);
  const timing = timingOf({ name: 'POST /v1/search' }, times);
  const p99 = times.toSorted((a, b) => a - b)[Math.ceil(0.99 * times.length) - 1]!;
  return {
    task: `api: ${clients} clients at once, ${times.length} searches by photo`,
    timings: [timing],
    facts: {
      errors,
      'p99, ms': p99,
      'p99 / median': p99 / timing.median,
      [`memory of all processes after the first ${clients * warmingRequests}, MB`]: before / 1e6,
      'and at the end, MB': stack.memory() / 1e6,
    },
  };
}

/** A client alone, before and while photos wait in the queue. */
async function besideQueue(stack: RunningStack, verify: () => Promise<number>, rounds: number): Promise<Comparison> {
  const times = async (name: string) => {
    const taken: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      await verify();
      taken.push(performance.now() - start);
    }
    return timingOf({ name }, taken);
  };
  const idle = await times('while nothing waits');
  await stack.queue(queuedPhotos);
  await wait(5000);
  const busy = await times('while the pipeline is busy');
  return {
    task: `api: verify two photos of 1 megapixel, with ${queuedPhotos} photos put into the bucket at once`,
    timings: [busy, idle],
    facts: { 'messages that wait at the end': await stack.waiting() },
  };
}

async function megapixel(sample: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await sharp(await sampleFile(sample))
      .resize(1224, 816)
      .jpeg({ quality: 90 })
      .toBuffer(),
  );
}

/** Faces that look like nobody. */
async function fillCollection({ dynamodb, table }: StackAddress, { embedder }: Vision): Promise<void> {
  const client = localDynamoDbClient(dynamodb);
  const registry = new DynamoFaceRegistry({ client, table, embedder: embedder.card.id });
  const random = seededRandom(20_261_125);
  const middle = [50, 50] as const;
  const box = { left: 0, top: 0, width: 100, height: 100 };
  for (let from = 0; from < storedFaces; from += 50) {
    const some = Array.from({ length: 50 }, (_, i) => {
      const source = { bucket: 'bench', key: `photos/${from + i}.jpg` };
      const imageId = imageIdOf(source.bucket, source.key);
      return registry.addFace({
        imageId,
        faceId: faceIdOf(imageId, '0', box),
        collection: 'main',
        role: i % 3 === 0 ? 'person' : 'photo',
        source,
        sequencer: '0',
        model: embedder.card.id,
        box,
        landmarks: { leftEye: middle, rightEye: middle, nose: middle, mouthLeft: middle, mouthRight: middle },
        confidence: 1,
        imageWidth: 1000,
        imageHeight: 1000,
        embedding: toUnitLength(Float32Array.from({ length: embedder.card.dimensions }, () => random() - 0.5)),
      });
    });
    await Promise.all(some);
  }
  client.destroy();
}

/** `facenet start` on a folder of its own. */
class RunningStack {
  readonly address: StackAddress;
  readonly #process: ChildProcess;
  readonly #data: string;

  private constructor(process: ChildProcess, data: string, address: StackAddress) {
    this.#process = process;
    this.#data = data;
    this.address = address;
  }

  static async start(): Promise<RunningStack> {
    const data = await mkdtemp(join(tmpdir(), 'bench-api-'));
    const cli = fileURLToPath(new URL('../local/cli.ts', import.meta.url));
    const started = spawn(
      process.execPath,
      ['--import', 'tsx', cli, 'start', '--data', data, '--port', '0', '--s3-port', '0'],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    for (;;) {
      const address = await findStack(data);
      if (address) return new RunningStack(started, data, address);
      if (started.exitCode !== null) throw new Error('Expected a stack to start, but it ended.');
      await wait(100);
    }
  }

  async post(route: string, photos: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Promise<number> {
    const body = new FormData();
    for (const [name, bytes] of Object.entries(photos)) body.set(name, new Blob([bytes]), `${name}.jpg`);
    const answer = await fetch(`${this.address.api}/v1/${route}`, { method: 'POST', body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status} ${text}`);
    return text.length;
  }

  async enrol(sample: number): Promise<void> {
    const folder = join(this.address.folder, 'people', 'somebody');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'face.jpg'), await sampleFile(sample));
    await wait(1000);
    while ((await this.waiting()) > 0) await wait(200);
  }

  /** Puts photos into the bucket. */
  async queue(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const file = fileURLToPath(
        import.meta.resolve(`@vladmandic/face-api/demo/sample${samples[i % samples.length]}.jpg`),
      );
      await copyFile(file, join(this.address.folder, 'photos', `${i}.jpg`));
    }
  }

  async waiting(): Promise<number> {
    const status = await fetch(`${this.address.api}/status`);
    return ((await status.json()) as { readonly waiting: number }).waiting;
  }

  /** Bytes of the stack's process and all that it started. */
  memory(): number {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n');
    const rows = lines.map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
    const family = new Set([this.#process.pid]);
    for (const [pid, parent] of rows.toSorted(([a], [b]) => a - b)) if (family.has(parent)) family.add(pid);
    return rows.reduce((sum, [pid, , kilobytes]) => (family.has(pid) ? sum + kilobytes * 1024 : sum), 0);
  }

  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    if (this.#process.exitCode === null) await once(this.#process, 'exit');
    await rm(this.#data, { recursive: true, force: true });
  }
}
