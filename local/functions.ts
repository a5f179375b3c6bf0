import { availableParallelism, constants } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { functionEnvironment, variable } from '../lib/config.ts';
import { credentials, region } from './clients.ts';
import { startEventSourceMapping } from './lambda/event-source-mapping.ts';
import { LocalFunction } from './lambda/local-function.ts';
import type { Queue } from './sqs.ts';

/** The queues between the functions. */
export const queueNames = ['images', 'faces', 'tags'] as const;
export type QueueName = (typeof queueNames)[number];

export interface FunctionsOptions {
  /** Where the functions find everything. */
  readonly environment: Readonly<Record<string, string>>;
  readonly queues: Readonly<Record<QueueName, Queue>>;
  readonly client: SQSClient;
  /** Receives what the functions print. */
  readonly output: (text: string) => void;
  readonly failed: (error: unknown) => void;
}

export interface Functions {
  /** Runs the API for a request. */
  readonly callApi: (event: unknown) => Promise<unknown>;
  /** Takes no more messages, waits for those under way, and ends all processes. */
  close(): Promise<void>;
}

/** One of the functions: where it is, and how much of the machine it may take. */
interface Shape {
  readonly module: string;
  readonly timeoutSeconds: number;
  readonly concurrency: number;
  readonly threads: number;
  /** What it follows, and how many messages it takes at once. */
  readonly source?: { readonly queue: QueueName; readonly batchSize: number };
}

const cores = availableParallelism();

/** Detection of many photos takes the fewest cycles on one core each: as many at a time as there are cores. Embedding works in ONNX Runtime, which spreads a batch over them. */
const shapes: Readonly<Record<'detect' | 'embed' | 'tag' | 'api', Shape>> = {
  detect: {
    module: 'detect/handler',
    timeoutSeconds: 60,
    concurrency: cores,
    threads: 1,
    source: { queue: 'images', batchSize: 2 },
  },
  embed: {
    module: 'embed/handler',
    timeoutSeconds: 60,
    concurrency: 1,
    threads: cores,
    source: { queue: 'faces', batchSize: 20 },
  },
  tag: {
    module: 'match/tag',
    timeoutSeconds: 30,
    concurrency: 1,
    threads: 1,
    source: { queue: 'tags', batchSize: 10 },
  },
  api: { module: 'match/api', timeoutSeconds: 60, concurrency: 2, threads: cores },
};

/** Starts the functions as they are in functions/, each in processes of its own, and lets them follow their queues. Processes start with the first event. */
export function startFunctions({ environment, queues, client, output, failed }: FunctionsOptions): Functions {
  const common = {
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    [variable.facesQueueUrl]: queues.faces.url,
    [variable.tagsQueueUrl]: queues.tags.url,
    [variable.s3PathStyle]: 'true',
    ...environment,
  };
  const functions = Object.entries(shapes).map(([name, { module, threads, source, ...limits }]) => {
    const settings = functionEnvironment({ ...common, [variable.threads]: String(threads) });
    // Somebody waits for an answer of the API, and nobody for a queue.
    const priority = source && { priority: constants.priority.PRIORITY_BELOW_NORMAL };
    const definition = { name, module: moduleOf(module), ...limits, ...priority, environment: settings };
    const runs = new LocalFunction(definition, output);
    const mapping =
      source &&
      startEventSourceMapping({
        client,
        queue: queues[source.queue],
        batchSize: source.batchSize,
        concurrency: limits.concurrency,
        invoke: (event) => runs.invoke(event),
        failed,
      });
    return { name, runs, mapping };
  });
  const api = functions.find(({ name }) => name === 'api')!.runs;
  return {
    callApi: (event) => api.invoke(event),
    async close() {
      await Promise.all(functions.map(({ mapping }) => mapping?.close()));
      await Promise.all(functions.map(({ runs }) => runs.close()));
    },
  };
}

/** The module of a handler: TypeScript in a clone, JavaScript in the package. */
function moduleOf(name: string): string {
  return fileURLToPath(new URL(`../functions/${name}${extname(import.meta.filename)}`, import.meta.url));
}
