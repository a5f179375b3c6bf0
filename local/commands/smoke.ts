import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { RequestError } from '../../lib/core/errors.ts';
import { createApiCaller } from '../api-caller.ts';
import { awaitedEvents, queuedEvents } from '../awaited-events.ts';
import { localS3Client } from '../clients.ts';
import { connect, withData } from '../connect.ts';
import { followEvents } from '../follow-events.ts';
import { wholeOption } from '../options.ts';
import { exitCode } from '../report-failure.ts';
import { checkDeployment, type SmokeCheck, type SmokeTarget } from '../smoke.ts';

interface Options {
  readonly data: string;
  readonly api?: string;
  readonly bucket?: string;
  readonly queue?: string;
  readonly region?: string;
  readonly apiProfile?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly json?: true;
}

/** `facenet smoke`: does a deployment work, from the bucket to the event and back to nothing? */
export function smokeCommand(): Command {
  return withData(new Command('smoke'))
    .description('put a drawn face into a deployment, see it enrolled, known again, announced and forgotten')
    .option('--api <url>', "a deployment's API; without it, the stack on this machine")
    .option('--bucket <name>', "the deployment's bucket")
    .option(
      '--queue <url>',
      "an SQS queue that a rule on the deployment's bus feeds; its messages are read, not deleted",
    )
    .option('--region <name>', 'of an API with a domain of its own')
    .option('--api-profile <name>', "the profile of AWS's files that holds an access key for the API")
    .addOption(
      new Option('--header <name:value>', 'sent with each call instead of a signature; may be repeated')
        .argParser(addHeader)
        .default({}, 'none'),
    )
    .option('--timeout <seconds>', 'how long each check may take', wholeOption(1, 3600), 120)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
All of it is in a collection of its own and removed again. Credentials and region are found as the AWS command line finds them.
Exit code: 0 it works, 1 it does not, 2 the call is wrong, 3 something did not answer.

Examples:
  facenet smoke
  facenet smoke --api https://abc123.execute-api.eu-central-1.amazonaws.com --bucket my-photos
  facenet smoke --api https://faces.example.com --bucket my-photos --api-profile kiosk`,
    )
    .action(smoke);
}

type Closable = SmokeTarget & { close(): Promise<void> };

async function smoke(options: Options): Promise<void> {
  const target = options.api === undefined ? await stackHere(options.data) : deployment(options.api, options);
  const checks: SmokeCheck[] = [];
  try {
    for await (const check of checkDeployment(target, options.timeout)) {
      checks.push(check);
      if (!options.json) print(check);
    }
  } finally {
    await target.close();
  }
  const works = checks.every(({ problem }) => problem === undefined);
  if (options.json) console.log(JSON.stringify({ works, checks }, null, 2));
  else console.log(works ? 'it works, and nothing is left of it' : 'it does not work');
  if (!works) process.exitCode = exitCode.no;
}

function print({ name, problem, milliseconds }: SmokeCheck): void {
  console.log(
    `${problem === undefined ? 'ok    ' : 'FAILED'}  ${(milliseconds / 1000).toFixed(1).padStart(6)} s  ${name}`,
  );
  if (problem !== undefined) console.log(`        ${problem}`);
}

async function stackHere(data: string): Promise<Closable> {
  const { api, bucket, s3, close } = await connect(data);
  const client = localS3Client(s3);
  const stop = new AbortController();
  const events = await followEvents(api, stop.signal);
  return {
    put: putInto(client, bucket),
    call: createApiCaller({ api, headers: {} }),
    event: awaitedEvents(events),
    async close() {
      stop.abort();
      client.destroy();
      await close();
    },
  };
}

function deployment(api: string, { bucket, queue, region, apiProfile, header }: Options): Closable {
  if (bucket === undefined) {
    throw new RequestError(
      'INVALID_REQUEST',
      'Expected --bucket with --api, received none. The stack names it in its outputs.',
    );
  }
  const client = new S3Client(region === undefined ? {} : { region });
  const sqs = new SQSClient(region === undefined ? {} : { region });
  return {
    put: putInto(client, bucket),
    call: createApiCaller({ api, headers: header, region, profile: apiProfile }),
    ...(queue !== undefined && { event: awaitedEvents(queuedEvents(sqs, queue)) }),
    async close() {
      client.destroy();
      sqs.destroy();
    },
  };
}

function putInto(client: S3Client, Bucket: string): SmokeTarget['put'] {
  return async (Key, Body) => {
    await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  };
}

function addHeader(text: string, headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, name, value] = /^([\w-]+):\s*(.+)$/.exec(text) ?? [];
  if (name && value) return { ...headers, [name]: value };
  throw new InvalidArgumentError('Expected a header as name:value.');
}
