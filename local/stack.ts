import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CreateTableCommand, type VectorIndexDescription } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { openKeyFile } from '../lib/adapters/access-key-file.ts';
import { embedderOf, tableDefinition, vectorName } from '../lib/adapters/dynamo-table.ts';
import { ensureVectorIndex, vectorIndexesOf } from '../lib/adapters/dynamo-vector-index.ts';
import { readEmbedderCard } from '../lib/adapters/model-folder.ts';
import { createSigV4Authenticator } from '../lib/adapters/sigv4-authenticator.ts';
import { type VisionConfig, variable } from '../lib/config.ts';
import { ConfigError } from '../lib/core/errors.ts';
import type { EmbedderCard } from '../lib/vision/embedder-card.ts';
import { localDynamoDbClient, localSqsClient } from './clients.ts';
import { startDynamoDb } from './dynamodb/server.ts';
import { EventLog } from './event-log.ts';
import { startEventBridge } from './eventbridge.ts';
import { FunctionLog } from './function-log.ts';
import { queueNames, startFunctions } from './functions.ts';
import { startGateway } from './gateway.ts';
import { startS3 } from './s3/server.ts';
import { type DeadLetter, startSqs } from './sqs.ts';
import { announceStack, type StackAddress, withdrawStack } from './stack-file.ts';
import { startTimeToLive } from './time-to-live.ts';

export interface StackOptions {
  /** The folder that holds everything: photos, table, queues, events, logs. */
  readonly data: string;
  readonly vision: VisionConfig;
  /** Of the HTTP API. @default a free one */
  readonly port?: number;
  /** For callers of other machines, or of a proxy on this one: an API whose callers sign with access keys. The one on loopback is then at a port of its own. */
  readonly strangers?: { readonly host: string; readonly port: number; readonly keyFile: string };
  /** Of the bucket. @default a free one */
  readonly s3Port?: number;
  /** Seconds until a message that failed comes again. @default 90 */
  readonly retrySeconds?: number;
  /** Told of what a person should know; what it is about stays in the queues or in the log. */
  readonly failed: (error: unknown) => void;
}

/** What waits to be handled, and what could not be. */
export interface StackStatus {
  /** Messages in the queues, and one more while the bucket has changes to announce. */
  readonly waiting: number;
  readonly deadLetters: readonly Omit<DeadLetter, 'body'>[];
}

export interface Stack extends StackAddress {
  readonly events: EventLog;
  /** Where those reach the API who sign with access keys. */
  readonly signedApi?: string;
  /** What the functions print. */
  readonly logFile: string;
  status(): Promise<StackStatus>;
  /** Ends everything; what is not through yet goes on at the next start. */
  close(): Promise<void>;
}

/** The bucket, the table and the bus, as they are called here. */
const names = { bucket: 'photos', table: 'facenet', bus: 'facenet' } as const;

/**
 * Starts the whole of it on this machine: bucket, queues, table, bus and API on loopback, and the functions in processes of their own, with the real AWS
 * clients pointed at what is here. Everything is in one folder, which one process owns, and is found again by the next start.
 * @throws ConfigError when the folder or a port is taken, or when the folder was made for another embedder
 * @throws ModelError when a model is not there
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { vision, failed, strangers, retrySeconds = 90 } = options;
  const data = resolve(options.data);
  const card = await readEmbedderCard(vision.models, vision.embedder);
  // As much as of a photo: no API Gateway is here to limit it.
  const maxRequestBytes = vision.maxImageBytes;
  await mkdir(data, { recursive: true });
  const closing: (() => Promise<unknown>)[] = [];
  const opened = async <T extends { close(): Promise<unknown> }>(opening: T | Promise<T>): Promise<T> => {
    const part = await opening;
    closing.push(() => part.close());
    return part;
  };
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const dynamodb = await opened(startDynamoDb({ path: join(data, 'dynamodb'), failed }));
    await ensureTable(dynamodb.url, card);
    await opened(startTimeToLive({ endpoint: dynamodb.url, table: names.table, failed }));
    const events = await opened(EventLog.open(join(data, 'events.jsonl')));
    const eventbridge = await opened(startEventBridge({ buses: [names.bus], log: events, failed }));
    const sqs = await opened(
      startSqs({
        queues: queueNames.map((name) => ({ name, visibilitySeconds: retrySeconds })),
        journal: join(data, 'queues'),
      }),
    );
    const client = localSqsClient(sqs.url);
    closing.push(async () => client.destroy());
    const log = await opened(FunctionLog.open(join(data, 'functions.log')));
    const s3 = await opened(
      startS3({
        root: join(data, 'buckets'),
        state: join(data, 's3'),
        buckets: [names.bucket],
        ...(options.s3Port !== undefined && { port: options.s3Port }),
        async onChange(event) {
          const MessageBody = JSON.stringify(event);
          await client.send(new SendMessageCommand({ QueueUrl: sqs.queues.images.url, MessageBody }));
        },
        log: ({ level, message, error }) => {
          if (level === 'error') failed(new Error(`bucket: ${message}`, { cause: error }));
        },
      }),
    );
    const functions = await opened(
      startFunctions({
        environment: {
          AWS_ENDPOINT_URL_S3: s3.url,
          AWS_ENDPOINT_URL_SQS: sqs.url,
          AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
          AWS_ENDPOINT_URL_EVENTBRIDGE: eventbridge.url,
          [variable.bucket]: names.bucket,
          [variable.table]: names.table,
          [variable.bus]: names.bus,
          [variable.models]: vision.models,
          [variable.embedder]: vision.embedder,
          [variable.maxRequestBytes]: String(maxRequestBytes),
          [variable.callers]: strangers ? 'gateway,access-keys' : 'open',
          ...(strangers && { [variable.keyFile]: resolve(strangers.keyFile) }),
        },
        queues: sqs.queues,
        client,
        output: (text) => log.write(text),
        failed,
      }),
    );
    const status = async (): Promise<StackStatus> => ({
      waiting: (await sqs.depth()) + (s3.isDelivering() ? 1 : 0),
      deadLetters: (await sqs.deadLetters()).map(({ body: _, ...letter }) => letter),
    });
    const api = {
      invoke: functions.callApi,
      log: events,
      status: async () => ({ pid: process.pid, ...(await status()) }),
      maxBodyBytes: maxRequestBytes,
      failed,
    };
    const gateway = await opened(startGateway({ ...api, ...(options.port !== undefined && { port: options.port }) }));
    const signed =
      strangers &&
      (await opened(
        startGateway({
          ...api,
          port: strangers.port,
          strangers: {
            host: strangers.host,
            authenticator: createSigV4Authenticator({ keys: openKeyFile(strangers.keyFile).read, now: Date.now }),
          },
        }),
      ));
    const address: StackAddress = {
      pid: process.pid,
      api: gateway.url,
      s3: s3.url,
      bucket: names.bucket,
      dynamodb: dynamodb.url,
      table: names.table,
      folder: join(data, 'buckets', names.bucket),
    };
    await announceStack(data, address);
    closing.push(() => withdrawStack(data));
    return { ...address, ...(signed && { signedApi: signed.url }), events, logFile: log.path, status, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function ensureTable(endpoint: string, card: EmbedderCard): Promise<void> {
  const client = localDynamoDbClient(endpoint);
  try {
    const indexes = await vectorIndexesOf(client, names.table);
    if (!indexes) await client.send(new CreateTableCommand(tableDefinition({ table: names.table, embedder: card })));
    else if (indexes.every(({ ItemCount = 0 }) => ItemCount === 0)) await ensureVectorIndex(client, names.table, card);
    else expectWhole(card.id, indexes);
  } finally {
    client.destroy();
  }
}

/** Refuses an embedder that not all faces have a vector of: searches would miss the others without a word. */
function expectWhole(embedder: string, indexes: readonly VectorIndexDescription[]): void {
  const faces = Math.max(...indexes.map(({ ItemCount = 0 }) => ItemCount));
  const found = indexes.find(({ IndexName }) => IndexName === vectorName(embedder));
  if (found?.ItemCount === faces) return;
  const whole = indexes.filter(({ ItemCount }) => ItemCount === faces).map(({ IndexName }) => embedderOf(IndexName!));
  throw new ConfigError(
    `Expected a data folder whose ${faces} faces have vectors of the embedder ${embedder}, found ${found?.ItemCount ?? 0} that have; all have those of ${whole.join(', ')}. Set ${variable.embedder} to one that all have, and move the folder with \`facenet reembed ${embedder}\`; or choose another folder with --data.`,
  );
}
