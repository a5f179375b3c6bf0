import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { openKeyFile } from '../../lib/adapters/access-key-file.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { reportTrouble, withData } from '../connect.ts';
import { describeEvent } from '../describe-event.ts';
import { followEvents } from '../follow-events.ts';
import { isLoopback, loopback } from '../loopback-server.ts';
import { portOption } from '../options.ts';
import { type Stack, type StackOptions, startStack } from '../stack.ts';
import { findStack } from '../stack-file.ts';
import { prepareVision } from '../vision.ts';
import { keyFileIn } from './keys.ts';

interface Options {
  readonly data: string;
  readonly host?: string;
  readonly port: number;
  readonly keys?: string;
  readonly s3Port: number;
}

/** `facenet start`: brings everything up and shows what happens, until Ctrl-C. */
export function startCommand(): Command {
  return withData(new Command('start'))
    .description('bring everything up: bucket, pipeline, HTTP API; Ctrl-C ends it')
    .option('--port <port>', 'of the HTTP API; 0 is any', portOption, 8400)
    .option('--host <address>', 'where the HTTP API listens; on any but loopback its callers sign with access keys')
    .option(
      '--keys <file>',
      'the access keys that callers sign with (facenet keys); default: keys.json of the data folder',
    )
    .option('--s3-port <port>', 'of the bucket; 0 is any', portOption, 8401)
    .addHelpText(
      'after',
      `
With --host or --keys the API's port is for callers who sign, TLS belongs in front of it, and commands on this machine use another port on loopback.

Examples:
  facenet start --data ~/faces
  facenet keys create --name laptop --scope read && facenet start --host 0.0.0.0`,
    )
    .action(start);
}

async function start({ data, port, s3Port, ...options }: Options): Promise<void> {
  const running = await findStack(data);
  if (running) {
    throw new ConfigError(
      `Expected the folder ${data} to be free, but process ${running.pid} serves it at ${running.api}. Use that, stop it, or choose another folder with --data.`,
    );
  }
  const strangers = await strangersOf({ data, port, ...options });
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const stack = await startStack({
    data,
    vision: await prepareVision(),
    ...(strangers ? { strangers } : { port }),
    s3Port,
    failed: reportTrouble,
  });
  await mkdir(join(stack.folder, 'photos'), { recursive: true });
  const health = await fetch(`${stack.api}/health`);
  if (!health.ok) reportTrouble(new Error(`The API is not well: ${await health.text()}`));
  console.log(welcome(stack, data));
  const stop = new AbortController();
  const showing = showEvents(stack.api, stop.signal);
  await ended;
  stop.abort();
  console.log('Finishing what is under way …');
  await stack.close();
  await showing;
}

/** Who may call from elsewhere; undefined where nobody but this machine may. */
async function strangersOf({
  data,
  host = loopback,
  port,
  keys,
}: Omit<Options, 's3Port'>): Promise<StackOptions['strangers']> {
  if (keys === undefined && isLoopback(host)) return undefined;
  const keyFile = keys ?? keyFileIn(data);
  const inUse = (await openKeyFile(keyFile).read()).filter(({ secret }) => secret !== undefined);
  if (inUse.length > 0) return { host, port, keyFile };
  const where = keys === undefined ? `--data ${data}` : `--file ${keys}`;
  throw new ConfigError(
    `Expected access keys in ${keyFile} for an API on ${host}, which nobody may call without one, found none. Issue one: facenet keys create --name NAME --scope read ${where}`,
  );
}

function welcome({ api, signedApi, s3, bucket, folder, logFile }: Stack, data: string): string {
  const here = (path: string) => relative('.', path) || path;
  const rows = [
    ...(signedApi ? [['HTTP API', signedApi, 'signed with access keys; put TLS in front of it'] as const] : []),
    [signedApi ? 'on here' : 'HTTP API', api, `to read and to try: ${api}/docs`],
    ['bucket', `s3://${bucket} at ${s3}`, 'access key and secret: test'],
    ['folder', here(folder), 'a file copied into it is an upload'],
    ['events', `${api}/events`, 'docs/events'],
    ['log', here(logFile), 'what the functions say'],
  ] as const;
  const width = Math.max(...rows.map(([, value]) => value.length));
  const places = rows.map(([name, value, remark]) => `  ${name.padEnd(8)}  ${value.padEnd(width)}  (${remark})`);
  const people = join(here(folder), 'people', 'alice');
  return `facenet-serverless is up. Photos, faces and events are in ${data}.

${places.join('\n')}

Enrol somebody:  mkdir -p ${people} && cp alice.jpg ${people}
Recognise her:   cp party.jpg ${join(here(folder), 'photos')}
Ctrl-C ends it; everything is there again at the next start.
`;
}

async function showEvents(api: string, signal: AbortSignal): Promise<void> {
  for await (const event of await followEvents(api, signal)) console.log(describeEvent(event));
}
