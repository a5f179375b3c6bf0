import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { localSqsClient, region } from './clients.ts';
import { loopback } from './loopback-server.ts';
import { SqsJournal } from './sqs-journal.ts';

export interface QueueDefinition {
  readonly name: string;
  /** Seconds for which a message that was received is hidden from others. */
  readonly visibilitySeconds: number;
  /** How often a message is delivered before it is parked in the dead-letter queue. @default 3 */
  readonly maxReceives?: number;
}

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** A message that failed too often. */
export interface DeadLetter {
  /** The queue that it came from. */
  readonly queue: string;
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: Date;
}

export interface SqsServer<Name extends string> {
  readonly url: string;
  readonly queues: Readonly<Record<Name, Queue>>;
  /** Messages that wait or are under way; those in dead-letter queues are not counted. */
  depth(): Promise<number>;
  /** What lies in the dead-letter queues, which keep it. */
  deadLetters(): Promise<DeadLetter[]>;
  close(): Promise<void>;
}

/**
 * Serves SQS on loopback with the given queues; each has a dead-letter queue beside it, `<name>-dead-letters`. What lies in them is in the journal's
 * folder, and there again after a restart.
 */
export async function startSqs<Name extends string>({
  queues,
  journal: path,
}: {
  readonly queues: readonly (QueueDefinition & { readonly name: Name })[];
  /** The folder of the journal; made when it is missing. */
  readonly journal: string;
}): Promise<SqsServer<Name>> {
  const app = buildApp({ logger: false, defaultRegion: region });
  const journal = await SqsJournal.open(path);
  journal.attach(app);
  const url = await app.listen({ host: loopback, port: 0 });
  const inspect = async <T>(path: string): Promise<T> => (await app.inject(`/_fauxqs/queues${path}`)).json();
  const created = await createQueues(url, queues);
  await replay(journal, url, created);
  return {
    url,
    queues: created,

    async depth() {
      const states = await inspect<QueueState[]>('');
      return states
        .filter(({ name }) => queues.some((queue) => queue.name === name))
        .reduce(
          (sum, state) =>
            sum + state.approximateMessageCount + state.approximateInflightCount + state.approximateDelayedCount,
          0,
        );
    },

    async deadLetters() {
      const letters = queues.map(async ({ name }) => {
        const { messages } = await inspect<QueueContent>(`/${deadLetterName(name)}`);
        const held = [...messages.ready, ...messages.inflight.map(({ message }) => message)];
        return held.map(({ messageId, body, sentTimestamp }) => ({
          queue: name,
          messageId,
          body,
          sentAt: new Date(sentTimestamp),
        }));
      });
      return (await Promise.all(letters)).flat();
    },

    async close() {
      await app.close();
      await journal.close();
    },
  };
}

async function replay(
  journal: SqsJournal,
  endpoint: string,
  queues: Readonly<Record<string, Queue | undefined>>,
): Promise<void> {
  const client = localSqsClient(endpoint);
  try {
    await journal.replay(async ({ queue, body }) => {
      const QueueUrl = queues[queue]?.url;
      if (QueueUrl) await client.send(new SendMessageCommand({ QueueUrl, MessageBody: body }));
    });
  } finally {
    client.destroy();
  }
}

/** The parts that are used of what fauxqs tells of itself. */
interface QueueState {
  readonly name: string;
  readonly approximateMessageCount: number;
  readonly approximateInflightCount: number;
  readonly approximateDelayedCount: number;
}

interface StoredMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentTimestamp: number;
}

interface QueueContent {
  readonly messages: {
    readonly ready: readonly StoredMessage[];
    readonly inflight: readonly { readonly message: StoredMessage }[];
  };
}

function deadLetterName(queue: string): string {
  return `${queue}-dead-letters`;
}

async function createQueues<Name extends string>(
  endpoint: string,
  definitions: readonly (QueueDefinition & { readonly name: Name })[],
): Promise<Record<Name, Queue>> {
  const client = localSqsClient(endpoint);
  const create = async (QueueName: string, Attributes: Record<string, string>): Promise<Queue> => {
    const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
    const described = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    return { url: QueueUrl!, arn: described.Attributes!.QueueArn! };
  };
  try {
    const queues = definitions.map(async ({ name, visibilitySeconds, maxReceives = 3 }) => {
      const deadLetters = await create(deadLetterName(name), {});
      const redrive = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount: maxReceives };
      const attributes = { VisibilityTimeout: String(visibilitySeconds), RedrivePolicy: JSON.stringify(redrive) };
      return [name, await create(name, attributes)] as const;
    });
    return Object.fromEntries(await Promise.all(queues)) as Record<Name, Queue>;
  } finally {
    client.destroy();
  }
}
