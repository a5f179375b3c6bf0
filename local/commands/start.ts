import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command } from 'commander';
import { ConfigError } from '../../lib/core/errors.ts';
import { reportTrouble, withData } from '../connect.ts';
import { describeEvent } from '../describe-event.ts';
import { followEvents } from '../follow-events.ts';
import { portOption } from '../options.ts';
import { type Stack, startStack } from '../stack.ts';
import { findStack } from '../stack-file.ts';
import { prepareVision } from '../vision.ts';

interface Options {
  readonly data: string;
  readonly port: number;
  readonly s3Port: number;
}

/** `facenet start`: brings everything up and shows what happens, until Ctrl-C. */
export function startCommand(): Command {
  return withData(new Command('start'))
    .description('bring everything up: bucket, pipeline, HTTP API; Ctrl-C ends it')
    .option('--port <port>', 'of the HTTP API; 0 is any', portOption, 8400)
    .option('--s3-port <port>', 'of the bucket; 0 is any', portOption, 8401)
    .addHelpText('after', '\nExample:\n  facenet start --data ~/faces')
    .action(start);
}

async function start({ data, port, s3Port }: Options): Promise<void> {
  const running = await findStack(data);
  if (running) {
    throw new ConfigError(
      `Expected the folder ${data} to be free, but process ${running.pid} serves it at ${running.api}. Use that, stop it, or choose another folder with --data.`,
    );
  }
  const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const stack = await startStack({ data, vision: await prepareVision(), port, s3Port, failed: reportTrouble });
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

function welcome({ api, s3, bucket, folder, logFile }: Stack, data: string): string {
  const here = (path: string) => relative('.', path) || path;
  const rows = [
    ['HTTP API', api, '/docs, /openapi.json, docs/api.md'],
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
