import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { detectCode, handler, imageSource } from '../cdk/function-assets.ts';
import { defaultEmbedder, functionEnvironment, modelsFolder, variable } from '../lib/config.ts';
import { addHostLibraries } from './host-libraries.ts';
import { spreadOf } from './measure.ts';

/**
 * How long a cold start takes: a new process that loads a function's bundle and opens its sessions, against one that does nothing (`node -e 0`), in turns.
 * Neither is what Lambda adds: fetching the code, starting the machine.
 *
 *   npx tsx bench/cold-start.ts [rounds [embedder]]
 */
const rounds = Number(process.argv[2] ?? 15);
const embedder = process.argv[3] ?? defaultEmbedder;

/** Milliseconds over `node -e 0` that a cold start may take. */
const limits: Readonly<Record<string, number>> = { detect: 600, embed: 900 };

const scratch = mkdtempSync(join(tmpdir(), 'facenet-cold-start-'));
const tasks = { zip: join(scratch, 'zip'), image: join(scratch, 'image') };
cpSync(detectCode(), tasks.zip, { recursive: true });
cpSync(join(imageSource(embedder).directory, 'task'), tasks.image, { recursive: true });
for (const task of Object.values(tasks)) addHostLibraries(task);

const environment = functionEnvironment({
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538',
  [variable.bucket]: 'photos',
  [variable.table]: 'facenet',
  [variable.bus]: 'facenet',
  [variable.facesQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/faces',
  [variable.tagsQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/000000000000/tags',
  [variable.models]: modelsFolder(),
  [variable.embedder]: embedder,
  [variable.callers]: 'gateway',
}) as NodeJS.ProcessEnv;

const bare = 'nothing';
const scripts: Readonly<Record<string, string>> = {
  [bare]: '',
  ...Object.fromEntries(Object.entries(handler).map(([name, path]) => [name, loading(name, path)])),
};

interface Times {
  readonly wall: number[];
  readonly processor: number[];
}

const times = new Map(Object.keys(scripts).map((name): [string, Times] => [name, { wall: [], processor: [] }]));
for (let round = -1; round < rounds; round++) {
  for (const [name, script] of Object.entries(scripts)) {
    const { wall, processor } = run(script);
    // The first round fills the file system's cache.
    if (round < 0) continue;
    times.get(name)!.wall.push(wall);
    times.get(name)!.processor.push(processor);
  }
}
rmSync(scratch, { recursive: true });

console.log(`${cpus()[0]!.model}, ${cpus().length} CPUs, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`);
console.log(
  `${embedder}; ${rounds} rounds, medians in ms: elapsed, and of the processor (which others do not lengthen)`,
);
const nothing = {
  wall: spreadOf(times.get(bare)!.wall).median,
  processor: spreadOf(times.get(bare)!.processor).median,
};
console.log(`node -e 0   ${nothing.wall.toFixed(0)}  ${nothing.processor.toFixed(0)}`);
for (const name of Object.keys(handler)) {
  const { wall, processor } = times.get(name)!;
  const over = spreadOf(wall).median - nothing.wall;
  const limit = limits[name];
  const verdict = limit === undefined ? '' : over <= limit ? `met: at most ${limit}` : `MISSED: at most ${limit}`;
  console.log(
    `${name.padEnd(9)}  +${over.toFixed(0)}  +${(spreadOf(processor).median - nothing.processor).toFixed(0)}  ${verdict}`,
  );
  if (limit !== undefined && over > limit) process.exitCode = 1;
}

function loading(name: string, path: string): string {
  const task = name === 'detect' ? tasks.zip : tasks.image;
  return `await import(${JSON.stringify(pathToFileURL(join(task, path.replace(/\.handler$/, '.mjs'))).href)});`;
}

function run(script: string): { readonly wall: number; readonly processor: number } {
  const ending = 'const { user, system } = process.cpuUsage(); console.log((user + system) / 1000); process.exit()';
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', `${script}${ending}`], {
    env: environment,
    encoding: 'utf8',
  });
  const wall = performance.now() - start;
  if (status !== 0) throw new Error(`The function did not start:\n${stderr}`);
  return { wall, processor: Number(stdout.trim().split('\n').at(-1)) };
}
