import { ClassicLevel } from 'classic-level';
import type { buildApp } from 'fauxqs';
import { z } from 'zod';

type SqsApp = ReturnType<typeof buildApp>;

/** A message as it was sent. */
const keptSchema = z.object({ queue: z.string(), body: z.string() });
export type KeptMessage = z.infer<typeof keptSchema>;

const sent = z.object({ MessageId: z.string() });
const deletion = z.object({ ReceiptHandle: z.string() });
/** The parts of SQS' calls and answers that tell which messages there are. */
const calls = {
  'AmazonSQS.SendMessage': {
    input: z.object({ QueueUrl: z.string(), MessageBody: z.string() }),
    output: sent,
  },
  'AmazonSQS.SendMessageBatch': {
    input: z.object({ QueueUrl: z.string(), Entries: z.array(z.object({ Id: z.string(), MessageBody: z.string() })) }),
    output: z.object({ Successful: z.array(sent.extend({ Id: z.string() })).default([]) }),
  },
  'AmazonSQS.ReceiveMessage': {
    input: z.unknown(),
    output: z.object({ Messages: z.array(sent.extend({ ReceiptHandle: z.string() })).default([]) }),
  },
  'AmazonSQS.DeleteMessage': { input: deletion, output: z.unknown() },
  'AmazonSQS.DeleteMessageBatch': { input: z.object({ Entries: z.array(deletion) }), output: z.unknown() },
} as const;

/** Digits of a place in the journal: text order is the order of sending. */
const placeDigits = 16;

/**
 * Keeps on disk what lies in the queues, which are in memory: a message from before its sender is told that it was taken until it is deleted. So nothing that
 * was in flight is lost when the process dies, and what was parked in a dead-letter queue is tried again by the next start. Attributes are not kept; no
 * message here has any.
 */
export class SqsJournal {
  readonly #level: ClassicLevel<string, KeptMessage>;
  readonly #places = new Map<string, string>();
  readonly #idOfHandle = new Map<string, string>();
  #next = 0;

  private constructor(level: ClassicLevel<string, KeptMessage>) {
    this.#level = level;
  }

  /** Opens the journal in a folder of its own, or begins one. */
  static async open(path: string): Promise<SqsJournal> {
    const level = new ClassicLevel<string, KeptMessage>(path, { valueEncoding: 'json' });
    await level.open();
    const journal = new SqsJournal(level);
    const [last] = await level.keys({ reverse: true, limit: 1 }).all();
    journal.#next = last === undefined ? 0 : Number(last) + 1;
    return journal;
  }

  /** Listens to all calls of an SQS server. To be called before it listens. */
  attach(app: SqsApp): void {
    app.addHook('onSend', async (request, reply, payload) => {
      const action = request.headers['x-amz-target'] as keyof typeof calls;
      if (reply.statusCode === 200 && Object.hasOwn(calls, action)) {
        await this.#follow(action, request.body, JSON.parse(String(payload || 'null')));
      }
      return payload;
    });
  }

  /** Sends again what an earlier process left, in the order in which it was sent. */
  async replay(send: (message: KeptMessage) => Promise<unknown>): Promise<void> {
    const end = this.#placeOf(this.#next);
    for await (const [place, message] of this.#level.iterator({ lt: end })) {
      await send(keptSchema.parse(message));
      await this.#level.del(place);
    }
  }

  close(): Promise<void> {
    return this.#level.close();
  }

  async #follow(action: keyof typeof calls, body: unknown, answer: unknown): Promise<void> {
    switch (action) {
      case 'AmazonSQS.SendMessage': {
        const { QueueUrl, MessageBody } = calls[action].input.parse(body);
        return this.#keep(QueueUrl, [[calls[action].output.parse(answer).MessageId, MessageBody]]);
      }
      case 'AmazonSQS.SendMessageBatch': {
        const { QueueUrl, Entries } = calls[action].input.parse(body);
        const bodies = new Map(Entries.map(({ Id, MessageBody }) => [Id, MessageBody]));
        const { Successful } = calls[action].output.parse(answer);
        return this.#keep(
          QueueUrl,
          Successful.map(({ Id, MessageId }) => [MessageId, bodies.get(Id)!]),
        );
      }
      case 'AmazonSQS.ReceiveMessage':
        for (const { MessageId, ReceiptHandle } of calls[action].output.parse(answer).Messages) {
          this.#idOfHandle.set(ReceiptHandle, MessageId);
        }
        return;
      case 'AmazonSQS.DeleteMessage':
        return this.#drop([calls[action].input.parse(body)]);
      case 'AmazonSQS.DeleteMessageBatch':
        return this.#drop(calls[action].input.parse(body).Entries);
    }
  }

  async #keep(queueUrl: string, messages: readonly (readonly [id: string, body: string])[]): Promise<void> {
    const queue = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
    const puts = messages.map(([id, body]) => {
      const place = this.#placeOf(this.#next++);
      this.#places.set(id, place);
      return { type: 'put' as const, key: place, value: { queue, body } };
    });
    await this.#level.batch(puts);
  }

  async #drop(deletions: readonly { readonly ReceiptHandle: string }[]): Promise<void> {
    const places = deletions.flatMap(({ ReceiptHandle }) => {
      const id = this.#idOfHandle.get(ReceiptHandle);
      const place = id && this.#places.get(id);
      this.#idOfHandle.delete(ReceiptHandle);
      if (!id || !place) return [];
      this.#places.delete(id);
      return place;
    });
    await this.#level.batch(places.map((key) => ({ type: 'del' as const, key })));
  }

  #placeOf(number: number): string {
    return String(number).padStart(placeDigits, '0');
  }
}
