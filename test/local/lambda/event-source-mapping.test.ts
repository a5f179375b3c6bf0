import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { ChangeMessageVisibilityCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { it as base, describe, expect } from 'vitest';
import { localSqsClient } from '../../../local/clients.ts';
import { type MappingOptions, startEventSourceMapping } from '../../../local/lambda/event-source-mapping.ts';
import { listenOnLoopback } from '../../../local/loopback-server.ts';
import { type SqsServer, startSqs } from '../../../local/sqs.ts';
import { until } from '../../until.ts';

type Answer = (event: SQSEvent) => unknown;

/** A queue of its own for each test. What was received comes again when the test says so, and not by the clock. */
class Bench {
  readonly trouble: unknown[] = [];
  readonly #ends: (() => unknown)[] = [];
  /** The last receipt handle of each message, by its body. */
  readonly #handles = new Map<string, string>();
  readonly client: SQSClient;
  readonly sqs: SqsServer<'work'>;

  private constructor(sqs: SqsServer<'work'>) {
    this.sqs = sqs;
    this.client = localSqsClient(sqs.url);
  }

  static async use(run: (bench: Bench) => Promise<void>): Promise<void> {
    const journal = await mkdtemp(join(tmpdir(), 'facenet-mapping-'));
    const sqs = await startSqs({ queues: [{ name: 'work', visibilitySeconds: 3600, maxReceives: 3 }], journal });
    const bench = new Bench(sqs);
    try {
      await run(bench);
    } finally {
      for (const end of bench.#ends) await end();
      bench.client.destroy();
      await sqs.close();
      await rm(journal, { recursive: true });
    }
  }

  async send(...bodies: string[]): Promise<void> {
    const Entries = bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
    await this.client.send(new SendMessageBatchCommand({ QueueUrl: this.sqs.queues.work.url, Entries }));
  }

  /** Follows the queue, and keeps the bodies of each event. */
  follow(answer: Answer, options: Partial<MappingOptions> = {}) {
    const events: string[][] = [];
    const mapping = startEventSourceMapping({
      client: this.client,
      queue: this.sqs.queues.work,
      batchSize: 10,
      concurrency: 1,
      invoke: async (event) => {
        for (const { body, receiptHandle } of event.Records) this.#handles.set(body, receiptHandle);
        events.push(event.Records.map(({ body }) => body));
        return answer(event);
      },
      failed: (error) => this.trouble.push(error),
      ...options,
    });
    const close = () => mapping.close();
    this.#ends.push(close);
    return { events, close };
  }

  /** Ends the time for which messages that were received and not deleted are hidden. */
  async show(...bodies: string[]): Promise<void> {
    for (const body of bodies) {
      const { url: QueueUrl } = this.sqs.queues.work;
      const ReceiptHandle = this.#handles.get(body);
      await this.client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
  }

  untilEmpty(): Promise<void> {
    return this.untilLeft(0);
  }

  untilLeft(messages: number): Promise<void> {
    return until(async () => expect(await this.sqs.depth()).toBe(messages));
  }

  /** Calls go through what a test says before they reach the queue, so that its troubles can be played: a status to answer instead. */
  async through(intercept: (action: string, call: number) => number | undefined): Promise<SQSClient> {
    let calls = 0;
    const pass = async (request: IncomingMessage, response: ServerResponse) => {
      const body = await text(request);
      const status = intercept(String(request.headers['x-amz-target']).split('.')[1]!, ++calls);
      if (status) return response.writeHead(status).end('{}');
      const { host: _, 'content-length': __, connection: ___, ...headers } = request.headers;
      const answer = await fetch(this.sqs.url, { method: 'POST', headers: headers as Record<string, string>, body });
      return response
        .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' })
        .end(await answer.text());
    };
    const server = createServer((request, response) => void pass(request, response).catch(() => response.destroy()));
    const { url } = await listenOnLoopback(server);
    const client = localSqsClient(url);
    this.#ends.push(() => {
      client.destroy();
      server.closeAllConnections();
      server.close();
    });
    return client;
  }
}

const it = base.extend<{ bench: Bench }>({ bench: ({ task: _ }, use) => Bench.use(use) });

/** The answer of a function that could not handle some of the messages. */
const failing =
  (...bodies: string[]): Answer =>
  ({ Records }) => ({
    batchItemFailures: Records.filter(({ body }) => bodies.includes(body)).map(({ messageId }) => ({
      itemIdentifier: messageId,
    })),
  });

describe.concurrent('an event source mapping', () => {
  it('hands over records as Lambda does, and deletes what was handled', async ({ bench }) => {
    await bench.send('a');
    const records: SQSEvent['Records'] = [];
    bench.follow(({ Records }) => {
      records.push(...Records);
      return { batchItemFailures: [] };
    });
    await bench.untilEmpty();
    expect(records).toEqual([
      {
        messageId: expect.stringMatching(/^[\da-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: 'a',
        md5OfBody: '0cc175b9c0f1b6a831c399e269772661',
        attributes: expect.objectContaining({ ApproximateReceiveCount: '1', SentTimestamp: expect.any(String) }),
        messageAttributes: {},
        eventSource: 'aws:sqs',
        eventSourceARN: bench.sqs.queues.work.arn,
        awsRegion: 'us-east-1',
      },
    ]);
  });

  it('lets come again what failed of a batch, and nothing else', async ({ bench }) => {
    await bench.send('good', 'bad', 'fine');
    let broken = true;
    const { events } = bench.follow((event) => {
      const answer = broken ? failing('bad')(event) : undefined;
      broken = false;
      return answer;
    });
    await bench.untilLeft(1);
    await bench.show('bad');
    await bench.untilEmpty();
    expect(events).toEqual([['good', 'bad', 'fine'], ['bad']]);
    expect(bench.trouble).toEqual([]);
  });

  it.for<[string, Answer, RegExp]>([
    ['a function that throws', () => Promise.reject(new Error('broken')), /broken/],
    [
      'an id that is not of the batch',
      () => ({ batchItemFailures: [{ itemIdentifier: 'other' }] }),
      /ids of the batch/,
    ],
    ['an empty id', () => ({ batchItemFailures: [{ itemIdentifier: '' }] }), /itemIdentifier/],
    ['an id under another name', () => ({ batchItemFailures: [{ id: 'x' }] }), /itemIdentifier/],
    ['failures that are no list', () => ({ batchItemFailures: 'all' }), /batchItemFailures/],
    ['an answer that is none', () => 'done', /expected object/],
  ])('takes %s for a failure of all', async ([_, answer, message], { bench }) => {
    await bench.send('a', 'b');
    let broken = true;
    const { events } = bench.follow((event) => {
      const now = broken ? answer(event) : undefined;
      broken = false;
      return now;
    });
    await until(() => expect(bench.trouble).not.toEqual([]));
    await bench.show('a', 'b');
    await bench.untilEmpty();
    expect(events[0]).toEqual(['a', 'b']);
    expect(events.slice(1).flat().sort()).toEqual(['a', 'b']);
    expect(bench.trouble).toEqual([expect.objectContaining({ message: expect.stringMatching(message) })]);
  });

  it.for([
    ['no answer', undefined],
    ['null', null],
    ['an empty answer', {}],
    ['no failures', { batchItemFailures: null }],
  ])('takes %s for success, as Lambda does', async ([_, answer], { bench }) => {
    await bench.send('a');
    const { events } = bench.follow(() => answer);
    await bench.untilEmpty();
    expect({ events, trouble: bench.trouble }).toEqual({ events: [['a']], trouble: [] });
  });

  it('parks a message that failed too often, and goes on with the others', async ({ bench }) => {
    await bench.send('poison', 'food');
    const { events } = bench.follow(failing('poison'));
    for (const times of [1, 2, 3]) {
      await until(() => expect(events).toHaveLength(times));
      await bench.untilLeft(1);
      await bench.show('poison');
    }
    await until(async () =>
      expect(await bench.sqs.deadLetters()).toEqual([
        { queue: 'work', messageId: expect.any(String), body: 'poison', sentAt: expect.any(Date) },
      ]),
    );
    await bench.send('more');
    await bench.untilEmpty();
    expect(events).toEqual([['poison', 'food'], ['poison'], ['poison'], ['more']]);
  });

  it('gathers batches of more than ten, and deletes them whole', async ({ bench }) => {
    await bench.send('0', '1', '2', '3', '4', '5', '6', '7', '8', '9');
    await bench.send('10', '11', '12', '13', '14', '15', '16', '17', '18', '19');
    await bench.send('20', '21', '22');
    const { events } = bench.follow(() => undefined, { batchSize: 20 });
    await bench.untilEmpty();
    expect(events.map(({ length }) => length)).toEqual([20, 3]);
    expect(events.flat()).toEqual(Array.from({ length: 23 }, (_, i) => String(i)));
  });

  it('has as many events under way as it may', async ({ bench }) => {
    await bench.send('a', 'b', 'c', 'd');
    let running = 0;
    let most = 0;
    const { events } = bench.follow(
      async () => {
        most = Math.max(most, ++running);
        await until(() => expect(most).toBe(2));
        await wait(200);
        running--;
      },
      { concurrency: 2, batchSize: 1 },
    );
    await bench.untilEmpty();
    expect({ most, handled: events.flat().sort() }).toEqual({ most: 2, handled: ['a', 'b', 'c', 'd'] });
  });

  it('waits at the end for what is under way, and takes nothing more', async ({ bench }) => {
    await bench.send('under way');
    let finish = () => {};
    const { events, close } = bench.follow(() => new Promise<void>((resolve) => (finish = resolve)));
    await until(() => expect(events).toHaveLength(1));
    let closed = false;
    const closing = close().then(() => {
      closed = true;
    });
    await bench.send('too late');
    await wait(100);
    expect(closed).toBe(false);
    finish();
    await closing;
    expect(await bench.sqs.depth()).toBe(1);
    expect(events).toEqual([['under way']]);
  });

  it('ends at once while it waits for a message', async ({ bench }) => {
    const { close } = bench.follow(() => undefined);
    await wait(100);
    const start = performance.now();
    await close();
    // It would wait for 20 s.
    expect(performance.now() - start).toBeLessThan(15_000);
  });
});

describe.concurrent('a queue that does not answer', () => {
  it('is asked again', async ({ bench }) => {
    await bench.send('a');
    let isDown = true;
    const through = await bench.through(() => (isDown ? 400 : undefined));
    const { events } = bench.follow(() => undefined, { client: through });
    await until(() => expect(bench.trouble).not.toEqual([]));
    isDown = false;
    await bench.untilEmpty();
    expect(events).toEqual([['a']]);
  });

  it('costs nothing of what was received before', async ({ bench }) => {
    await bench.send('in hand');
    const through = await bench.through((action, call) =>
      action === 'ReceiveMessage' && call === 2 ? 400 : undefined,
    );
    const { events } = bench.follow(() => undefined, { client: through });
    await bench.untilEmpty();
    expect({ events, trouble: bench.trouble }).toEqual({ events: [['in hand']], trouble: [] });
  });
});
