import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { localSqsClient } from '../../local/clients.ts';
import { type SqsServer, startSqs } from '../../local/sqs.ts';

let journal: string;
let sqs: SqsServer<'work' | 'other'>;
let client: SQSClient;

async function start(): Promise<void> {
  const queues = (['work', 'other'] as const).map((name) => ({ name, visibilitySeconds: 3600, maxReceives: 1 }));
  sqs = await startSqs({ queues, journal });
  client = localSqsClient(sqs.url);
}

async function stop(): Promise<void> {
  client.destroy();
  await sqs.close();
}

async function restart(): Promise<void> {
  await stop();
  await start();
}

beforeEach(async () => {
  journal = await mkdtemp(join(tmpdir(), 'facenet-journal-'));
  await start();
});
afterEach(async () => {
  await stop();
  await rm(journal, { recursive: true });
});

const QueueUrl = (queue: 'work' | 'other' = 'work') => sqs.queues[queue].url;

async function send(MessageBody: string, queue?: 'work' | 'other'): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: QueueUrl(queue), MessageBody }));
}

async function sendBatch(...bodies: string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, i) => ({ Id: `id-${i}`, MessageBody }));
  await client.send(new SendMessageBatchCommand({ QueueUrl: QueueUrl(), Entries }));
}

async function receive(MaxNumberOfMessages = 10, queue?: 'work' | 'other'): Promise<Message[]> {
  const command = new ReceiveMessageCommand({ QueueUrl: QueueUrl(queue), MaxNumberOfMessages });
  return (await client.send(command)).Messages ?? [];
}

/** Sends a message that is received too often, and so is parked. */
async function park(MessageBody: string): Promise<void> {
  await send(MessageBody);
  const [{ ReceiptHandle }] = (await receive()) as [Message];
  await client.send(new ChangeMessageVisibilityCommand({ QueueUrl: QueueUrl(), ReceiptHandle, VisibilityTimeout: 0 }));
  expect(await receive()).toEqual([]);
}

async function remove({ ReceiptHandle }: Message): Promise<void> {
  await client.send(new DeleteMessageCommand({ QueueUrl: QueueUrl(), ReceiptHandle }));
}

const bodies = (messages: readonly Message[]) => messages.map(({ Body }) => Body);

describe('queues that were closed', () => {
  it('hold again what was sent and not deleted, in the order of sending', async () => {
    await send('first');
    await sendBatch('second', 'third', 'fourth');
    await send('fifth – Ü 写真 "quoted"\n');
    await send('elsewhere', 'other');

    await restart();

    expect(bodies(await receive())).toEqual(['first', 'second', 'third', 'fourth', 'fifth – Ü 写真 "quoted"\n']);
    expect(bodies(await receive(10, 'other'))).toEqual(['elsewhere']);
  });

  it('hold again what was received, but not deleted', async () => {
    await sendBatch('under way', 'waiting');
    await receive(1);

    await restart();

    expect(await sqs.depth()).toBe(2);
    expect(bodies(await receive())).toEqual(['under way', 'waiting']);
  });

  it('do not hold what was deleted, one by one or many at once', async () => {
    await sendBatch('a', 'b', 'c', 'd');
    const [a, b, c] = await receive();
    await remove(a!);
    const Entries = [b!, c!].map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: QueueUrl(), Entries }));

    await restart();

    expect(bodies(await receive())).toEqual(['d']);
  });

  it('hold nothing twice, however often they are opened, and put what is new behind what is old', async () => {
    await sendBatch('a', 'b');
    await restart();
    await send('c');
    await restart();
    const [a] = await receive(1);
    await remove(a!);
    await restart();
    await send('d');
    await restart();

    expect(bodies(await receive())).toEqual(['b', 'c', 'd']);
  });

  it('try again what was parked', async () => {
    await park('unlucky');
    expect(await sqs.deadLetters()).toMatchObject([{ queue: 'work', body: 'unlucky' }]);
    expect(await sqs.depth()).toBe(0);

    await restart();

    expect(await sqs.deadLetters()).toEqual([]);
    const [message] = await receive();
    expect(message!.Body).toBe('unlucky');
    await remove(message!);
    await restart();
    expect([await receive(), await sqs.deadLetters()]).toEqual([[], []]);
  });

  it('forget what was parked and then deleted by hand', async () => {
    await park('unlucky');
    const QueueUrl = sqs.queues.work.url.replace(/work$/, 'work-dead-letters');
    const { Messages } = await client.send(new ReceiveMessageCommand({ QueueUrl }));
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle }));

    await restart();

    expect([await receive(), await sqs.deadLetters()]).toEqual([[], []]);
  });
});

describe('queues whose process is killed', () => {
  it('lose no message whose sender was answered', async () => {
    const answered: string[] = [];
    for (const enough of [40, 80]) {
      const { child, url, queue } = await startChild();
      const sender = localSqsClient(url);
      const died = once(child, 'exit');
      const sendUntilItDies = async (name: string): Promise<void> => {
        for (let n = 0; ; n++) {
          const MessageBody = `${enough} ${name} ${n}`;
          try {
            await sender.send(new SendMessageCommand({ QueueUrl: queue, MessageBody }));
          } catch {
            return;
          }
          if (answered.push(MessageBody) === enough) child.kill('SIGKILL');
        }
      };
      await Promise.all(['x', 'y', 'z'].map(sendUntilItDies));
      sender.destroy();
      await died;
    }
    expect(answered.length).toBeGreaterThanOrEqual(80);

    const left: string[] = [];
    await stop();
    await restartOn(join(journal, 'killed'));
    for (let messages = await receive(); messages.length > 0; messages = await receive()) {
      left.push(...messages.map(({ Body }) => Body!));
    }

    expect(left).toEqual(expect.arrayContaining(answered));
    expect(new Set(left).size).toBe(left.length);
  });

  async function restartOn(folder: string): Promise<void> {
    sqs = await startSqs({
      queues: (['work', 'other'] as const).map((name) => ({ name, visibilitySeconds: 3600 })),
      journal: folder,
    });
    client = localSqsClient(sqs.url);
  }

  async function startChild(): Promise<{ child: ChildProcess; url: string; queue: string }> {
    const program = fileURLToPath(new URL('./sqs-journal-child.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', program, join(journal, 'killed')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    return { child, ...JSON.parse(line) };
  }
});
