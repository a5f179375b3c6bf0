import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { localS3Client } from '../../local/clients.ts';
import { findStack, type StackAddress } from '../../local/stack-file.ts';
import { until } from '../until.ts';
import { portrait } from './running-stack.ts';

const adaInSample3 = { left: 1057, top: 198, width: 228, height: 307 };

let data: string;
let child: ChildProcess;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'facenet-crash-'));
});
afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
  await rm(data, { recursive: true });
});

/** Starts everything as `npm start` does, in a process that can be killed; before it, what is to be preloaded. */
async function start(...preloaded: string[]): Promise<StackAddress> {
  const imports = ['tsx', ...preloaded].flatMap((module) => ['--import', module]);
  const command = [...imports, 'local/cli.ts', 'start', '--data', data, '--port', '0', '--s3-port', '0'];
  child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  // Nobody reads what it prints, as behind `| head`, or `| tee` after Ctrl-C.
  child.stdout!.destroy();
  return until(async () => {
    const stack = await findStack(data);
    expect(stack?.pid).toBe(child.pid);
    return stack!;
  });
}

async function end(signal: NodeJS.Signals): Promise<unknown[]> {
  const exited = once(child, 'exit');
  child.kill(signal);
  return exited;
}

/** All events there ever were, as they stand in the log of the data folder. */
async function eventsSoFar(): Promise<FacenetEvent[]> {
  const lines = (await readFile(join(data, 'events.jsonl'), 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => {
    const { 'detail-type': type, detail } = JSON.parse(line);
    return { type, detail };
  });
}

async function untilEventsFor(keys: readonly string[], atLeast = keys.length): Promise<void> {
  await until(async () => {
    const seen = new Set((await eventsSoFar()).map(({ detail }) => detail.image.key));
    expect(keys.filter((key) => seen.has(key)).length).toBeGreaterThanOrEqual(atLeast);
  });
}

it('brings every photo to its event although the process is killed in the midst', async () => {
  const photo = await portrait(3, adaInSample3);
  const first = await start('./test/local/two-events.ts');
  const keys = ['people/ada/1.jpg', ...Array.from({ length: 12 }, (_, i) => `photos/${i} ü+🙂.jpg`)];
  const client = localS3Client(first.s3);
  await Promise.all(keys.map((Key) => client.send(new PutObjectCommand({ Bucket: first.bucket, Key, Body: photo }))));
  client.destroy();
  await untilEventsFor(keys, 1);
  expect(await end('SIGKILL')).toEqual([null, 'SIGKILL']);
  const before = await eventsSoFar();
  expect(new Set(before.map(({ detail }) => detail.image.key)).size).toBeLessThan(keys.length);
  const whileDown = 'photos/while down.jpg';
  await mkdir(join(first.folder, 'photos'), { recursive: true });
  await writeFile(join(first.folder, whileDown), photo);

  const second = await start();
  await untilEventsFor([...keys, whileDown]);
  await until(async () => {
    const status = (await (await fetch(`${second.api}/status`)).json()) as object;
    expect(status).toMatchObject({ waiting: 0, deadLetters: [] });
  });

  const events = await eventsSoFar();
  const photos = [...keys.slice(1), whileDown];
  const facesOf = new Map<string, Set<string>>();
  const imagesOf = new Map<string, Set<string>>();
  for (const event of events) {
    const { key = '', imageId } = event.detail.image;
    expect(event.type).toBe(key === keys[0] ? 'Person Enrolled' : 'Image Indexed');
    imagesOf.set(key, (imagesOf.get(key) ?? new Set()).add(imageId));
    const faces = event.type === 'Image Indexed' ? event.detail.faces : [];
    facesOf.set(key, new Set([...(facesOf.get(key) ?? []), ...faces.map(({ faceId }) => faceId)]));
  }
  for (const ids of imagesOf.values()) expect(ids.size).toBe(1);
  for (const key of photos) expect(facesOf.get(key)!.size).toBe(1);

  const answer = await fetch(`${second.api}/v1/faces?limit=100`);
  const { faces } = (await answer.json()) as { faces: { key: string; faceId: string; person?: string }[] };
  expect(faces.map(({ key }) => key).sort()).toEqual([...photos, keys[0]].sort());
  for (const { key, faceId, person } of faces) {
    expect(person).toBe('ada');
    if (key !== keys[0]) expect(facesOf.get(key)!.has(faceId)).toBe(true);
  }

  expect(await end('SIGINT')).toEqual([0, null]);
  expect(await findStack(data)).toBeUndefined();
});
