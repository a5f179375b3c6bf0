import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  type SendMessageBatchCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFaceQueue, createTagQueue } from '../../lib/adapters/sqs-queues.ts';
import { UnavailableError } from '../../lib/core/errors.ts';
import { type FaceMessage, faceMessageSchema, type TagMessage, tagMessageSchema } from '../../lib/core/messages.ts';
import { faceOf, idOf, imageOfKey } from './records.ts';

async function prepare() {
  const app = buildApp({ logger: false });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const client = new SQSClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await app.close();
  });
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: 'queue' }));
  const batches: SendMessageBatchCommandInput[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName === 'SendMessageBatchCommand') {
        batches.push(args.input as unknown as SendMessageBatchCommandInput);
      }
      return next(args);
    },
    { step: 'initialize' },
  );
  return { client, queueUrl: QueueUrl!, batches };
}

/** Makes the queue refuse the first entry of so many calls. */
function refuseFirst(client: SQSClient, times: number): void {
  let left = times;
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (context.commandName !== 'SendMessageBatchCommand' || left-- <= 0) return next(args);
      const input = args.input as unknown as SendMessageBatchCommandInput;
      const [refused, ...rest] = input.Entries!;
      const failed = [{ Id: refused!.Id, SenderFault: false, Code: 'InternalError' }];
      if (rest.length === 0) return { output: { $metadata: {}, Failed: failed }, response: {} };
      const answer = await next({ ...args, input: { ...input, Entries: rest } as unknown as typeof args.input });
      return { ...answer, output: { ...answer.output, Failed: failed } };
    },
    { step: 'initialize' },
  );
}

async function received(client: SQSClient, queueUrl: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (;;) {
    const command = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await client.send(command);
    if (Messages.length === 0) return all;
    all.push(...Messages.map(({ Body }) => JSON.parse(Body!)));
  }
}

function faceMessage(i: number, pixels = 'AAAA'): FaceMessage {
  const face = faceOf("photos/Ann O'Neil/é图.jpg", i);
  return {
    version: 1,
    image: { ...imageRef(), width: 640, height: 480 },
    faceId: face.faceId,
    role: 'photo',
    box: face.box,
    landmarks: face.landmarks,
    confidence: face.confidence,
    model: 'plane',
    crop: { size: 2, pixels },
  };
}

function imageRef() {
  const { imageId, collection, sequencer, source } = imageOfKey("photos/Ann O'Neil/é图.jpg");
  return { imageId, collection, sequencer, source };
}

function byFaceId(messages: readonly unknown[]): unknown[] {
  return (messages as FaceMessage[]).toSorted((a, b) => (a.faceId < b.faceId ? -1 : 1));
}

describe('a queue', () => {
  test('carries faces as they are', async () => {
    const { client, queueUrl } = await prepare();
    const messages = [faceMessage(1), faceMessage(2)];

    await createFaceQueue(client, queueUrl).send(messages);

    const arrived = await received(client, queueUrl);
    expect(byFaceId(arrived)).toEqual(byFaceId(messages));
    for (const message of arrived) expect(faceMessageSchema.safeParse(message).success).toBe(true);
  });

  test('carries what happened as it is', async () => {
    const { client, queueUrl } = await prepare();
    const message: TagMessage = {
      version: 1,
      kind: 'erased',
      image: imageRef(),
      reason: 'removed',
      faces: [{ faceId: idOf('face'), person: '王芳 🙂 \ufffe <&>' }],
    };

    await createTagQueue(client, queueUrl).send([message]);

    const [arrived] = await received(client, queueUrl);
    expect(tagMessageSchema.parse(arrived)).toEqual(message);
  });

  test('is not called for nothing', async () => {
    const { client, queueUrl, batches } = await prepare();

    await createFaceQueue(client, queueUrl).send([]);

    expect(batches).toEqual([]);
  });

  test('is sent no more than ten messages and 240 kB a call', async () => {
    const { client, queueUrl, batches } = await prepare();
    const large = Array.from({ length: 7 }, (_, i) => faceMessage(i, 'A'.repeat(100_000)));
    const small = Array.from({ length: 25 }, (_, i) => faceMessage(100 + i));

    await createFaceQueue(client, queueUrl).send([...large, ...small]);

    for (const { Entries = [] } of batches) {
      expect(Entries.length).toBeLessThanOrEqual(10);
      expect(Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody!), 0)).toBeLessThanOrEqual(
        240_000,
      );
    }
    expect(batches.length).toBeLessThanOrEqual(7);
    expect(await received(client, queueUrl)).toHaveLength(32);
  });

  test('is sent again what it refused once', async () => {
    const { client, queueUrl } = await prepare();
    refuseFirst(client, 1);
    const messages = [1, 2, 3].map((i) => faceMessage(i));

    await createFaceQueue(client, queueUrl).send(messages);

    expect(byFaceId(await received(client, queueUrl))).toEqual(byFaceId(messages));
  });

  test('that refuses twice is unavailable', async () => {
    const { client, queueUrl } = await prepare();
    refuseFirst(client, 2);

    await expect(createFaceQueue(client, queueUrl).send([faceMessage(1)])).rejects.toThrow(UnavailableError);
  });
});
