import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addHostLibraries } from '../../bench/host-libraries.ts';
import { detectCode, handler, imageSource, modelsLayerCode } from '../../cdk/function-assets.ts';
import { tableDefinition } from '../../lib/adapters/dynamo-table.ts';
import { readEmbedderCard } from '../../lib/adapters/model-folder.ts';
import { functionEnvironment, modelsFolder, variable } from '../../lib/config.ts';
import { UnavailableError } from '../../lib/core/errors.ts';
import { localDynamoDbClient, localS3Client, localSqsClient } from '../../local/clients.ts';
import { startDynamoDb } from '../../local/dynamodb/server.ts';
import { EventLog } from '../../local/event-log.ts';
import { startEventBridge } from '../../local/eventbridge.ts';
import { startS3 } from '../../local/s3/server.ts';
import { startSqs } from '../../local/sqs.ts';
import { httpApiRequest, s3Change, s3TestEvent, sqsRecord } from './lambda/events.ts';
import { followDockerfile } from './lambda/image.ts';
import { type LambdaFunction, runtimeInterfaceClient, startLambda } from './lambda/lambda-function.ts';

/** A folder that `arm64-root.sh` made: everything then runs as it does on Graviton, with the libraries for arm64, and slowly. */
const arm64Root = process.env.FACENET_PROOF_ARM64;
const prepare = arm64Root ? () => {} : addHostLibraries;
/** An emulated processor takes half an hour for it. */
const milliseconds = 1_800_000;

const embedder = 'mobilefacenet-ensemble';
const bucket = 'photos';
const eventsFile = 'events.jsonl';
/** Three people, small enough for an emulated processor. */
const photo = await sharp('node_modules/@vladmandic/face-api/demo/sample1.jpg')
  .resize({ width: 480 })
  .jpeg()
  .toBuffer();

/** AWS's runtime and sharp's libraries for arm64 come from the npm registry, once a machine. */
const client = await fetched().catch((error: unknown) => {
  if (!(error instanceof UnavailableError)) throw error;
  console.warn('the Lambda proof is not run: the npm registry does not answer, and no copy is in the cache');
  return undefined;
});

async function fetched(): Promise<string> {
  detectCode();
  return runtimeInterfaceClient();
}

describe.skipIf(!client)(
  "the bundle and the image's contents under AWS's own runtime",
  { timeout: milliseconds },
  () => {
    const scratch = mkdtempSync(join(tmpdir(), 'facenet-proof-'));
    const node = arm64Root ? emulatedNode(arm64Root, scratch) : process.execPath;
    const closing: (() => unknown)[] = [];
    const lambdas = {} as Record<keyof typeof handler, LambdaFunction>;
    let receive: (queue: 'faces' | 'tags') => Promise<string[]>;
    let upload: (key: string, bytes: Uint8Array) => Promise<void>;
    let environment: Record<string, string>;
    let image: string;

    beforeAll(async () => {
      const opened = async <T extends { close(): unknown }>(part: T | Promise<T>): Promise<T> => {
        const open = await part;
        closing.push(() => open.close());
        return open;
      };
      const failed = (error: unknown) => console.error(error);
      const dynamodb = await opened(startDynamoDb({ path: join(scratch, 'dynamodb'), failed }));
      const card = await readEmbedderCard(modelsFolder(), embedder);
      await localDynamoDbClient(dynamodb.url).send(
        new CreateTableCommand(tableDefinition({ table: 'facenet', embedder: card })),
      );
      const queues = (['faces', 'tags'] as const).map((name) => ({ name, visibilitySeconds: 60 }));
      const sqs = await opened(startSqs({ queues, journal: join(scratch, 'queues') }));
      const s3 = await opened(startS3({ root: join(scratch, 'buckets'), buckets: [bucket] }));
      const log = await opened(EventLog.open(join(scratch, eventsFile)));
      const eventbridge = await opened(startEventBridge({ buses: ['facenet'], log, failed }));

      const sqsClient = localSqsClient(sqs.url);
      receive = async (queue) => {
        const command = new ReceiveMessageCommand({ QueueUrl: sqs.queues[queue].url, MaxNumberOfMessages: 10 });
        return (await sqsClient.send(command)).Messages?.map(({ Body }) => Body!) ?? [];
      };
      upload = async (Key, Body) => {
        await localS3Client(s3.url).send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      };

      const zip = join(scratch, 'zip');
      cpSync(detectCode(), zip, { recursive: true });
      prepare(zip);
      image = followDockerfile(imageSource(embedder), join(scratch, 'image'), { node, prepare });
      environment = {
        AWS_ENDPOINT_URL_S3: s3.url,
        AWS_ENDPOINT_URL_SQS: sqs.url,
        AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
        AWS_ENDPOINT_URL_EVENTBRIDGE: eventbridge.url,
        [variable.bucket]: bucket,
        [variable.table]: 'facenet',
        [variable.bus]: 'facenet',
        [variable.facesQueueUrl]: sqs.queues.faces.url,
        [variable.tagsQueueUrl]: sqs.queues.tags.url,
        [variable.s3PathStyle]: 'true',
        [variable.embedder]: embedder,
        [variable.callers]: 'gateway',
        ...(arm64Root && { [variable.minFace]: '40' }),
      };
      for (const name of ['detect', 'embed', 'tag', 'api'] as const) {
        const isZip = name === 'detect';
        const models = isZip ? join(modelsLayerCode(embedder), 'models') : join(image, 'opt/models');
        lambdas[name] = await opened(
          startLambda(client!, {
            node,
            task: isZip ? zip : join(image, 'var/task'),
            handler: handler[name],
            environment: { ...environment, [variable.models]: models },
          }),
        );
      }
    }, milliseconds);

    afterAll(async () => {
      for (const close of closing.reverse()) await close();
      rmSync(scratch, { recursive: true, force: true });
    });

    const invoke = (name: 'detect' | 'embed' | 'tag', bodies: readonly string[]) =>
      lambdas[name].invoke({ Records: bodies.map((body, i) => sqsRecord(name, `message-${i}`, body)) });

    it("the image's self-test finds the pinned embedding", () => {
      const env = functionEnvironment({ [variable.models]: join(image, 'opt/models') }) as NodeJS.ProcessEnv;

      const said = execFileSync(node, ['functions/embed/self-test.mjs'], { cwd: join(image, 'var/task'), env });

      expect(said.toString()).toMatch(
        /^self-test passed: mobilefacenet-ensemble, distance .* to the pinned embedding$/m,
      );
    });

    it('a photo is enrolled and another recognised, from the notification to the event', async () => {
      await upload('people/Ada Lovelace/face +1.jpg', photo);
      await upload('photos/party.jpg', photo);
      const changes = ['people/Ada Lovelace/face +1.jpg', 'photos/party.jpg'].map((key, i) =>
        s3Change('ObjectCreated:Put', bucket, key, photo, `00A1B2C3D4E5F67${i}`),
      );

      expect(await invoke('detect', [s3TestEvent, ...changes])).toEqual({ batchItemFailures: [] });
      const faces = await receive('faces');
      expect(faces.length).toBeGreaterThanOrEqual(2);
      expect(await invoke('embed', faces)).toEqual({ batchItemFailures: [] });
      const tags = await receive('tags');
      expect(await invoke('tag', tags)).toEqual({ batchItemFailures: [] });

      const [enrolled, indexed] = published(scratch);
      expect(enrolled).toMatchObject({ 'detail-type': 'Person Enrolled', detail: { person: 'Ada Lovelace' } });
      const names = indexed!.detail.faces!.map(({ identity }) => identity?.person);
      expect(names.filter(Boolean)).toEqual(['Ada Lovelace']);
      const people = await lambdas.api.invoke(httpApiRequest('GET', '/v1/people'));
      expect(people).toMatchObject({ statusCode: 200 });
      expect(JSON.parse((people as { body: string }).body).people).toMatchObject([{ person: 'Ada Lovelace' }]);
      const script = await lambdas.api.invoke(httpApiRequest('GET', '/docs/openapi-explorer.min.js'));
      expect(script).toMatchObject({ statusCode: 200, body: expect.stringContaining('OpenAPI Explorer') });
    });

    it('of a batch, only the message that cannot be understood comes again', async () => {
      const gone = s3Change('ObjectRemoved:Delete', bucket, 'photos/never.jpg', new Uint8Array(), '00A1B2C3D4E5F680');

      const answer = await invoke('detect', [gone, '{"not": "a notification"}', s3TestEvent]);

      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-1' }] });
    });

    it('each function answers for what it cannot read', async () => {
      for (const name of ['embed', 'tag'] as const) {
        expect(await invoke(name, ['nonsense'])).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-0' }] });
      }
    });

    it('the API says who is in a photo that comes in the body', async () => {
      const body = { image: { bytes: photo.toString('base64') } };

      const answer = (await lambdas.api.invoke(httpApiRequest('POST', '/v1/search', body))) as { body: string };

      expect(answer).toMatchObject({ statusCode: 200 });
      expect(JSON.parse(answer.body)).toMatchObject({ identity: { person: 'Ada Lovelace' } });
    });

    // Emulated, it takes longer than a photo may.
    it.skipIf(arm64Root)('a HEIC is decoded by the thread that lies beside the bundle', async () => {
      const heic = readFileSync('test/adapters/goldens/tiles.heic');

      const answer = await lambdas.api.invoke(
        httpApiRequest('POST', '/v1/detect', { image: { bytes: heic.toString('base64') } }),
      );

      expect(answer).toMatchObject({ statusCode: 200 });
    });

    it('a function without its models does not start, and says what to do', async () => {
      const empty = join(scratch, 'empty');
      const lambda = await startLambda(client!, {
        node,
        task: join(scratch, 'zip'),
        handler: handler.detect,
        environment: { ...environment, [variable.models]: empty },
      });

      await expect(lambda.invoke({ Records: [] })).rejects.toMatchObject({
        errorType: 'ModelError',
        errorMessage: expect.stringMatching(/model file .* found none.*npm run models/),
      });
      lambda.close();
    });

    it('the API is well, and refuses what is wrong in its own words', async () => {
      expect(await lambdas.api.invoke(httpApiRequest('GET', '/health'))).toMatchObject({ statusCode: 200 });
      expect(await lambdas.api.invoke(httpApiRequest('GET', '/nowhere'))).toMatchObject({ statusCode: 404 });
    });
  },
);

/** A command that runs Node for arm64. */
function emulatedNode(root: string, scratch: string): string {
  const node = join(scratch, 'bin', 'node');
  mkdirSync(dirname(node));
  writeFileSync(node, `#!/bin/sh\nexec qemu-aarch64-static -L '${root}' '${root}/usr/bin/node' "$@"\n`, {
    mode: 0o755,
  });
  return node;
}

interface Published {
  readonly 'detail-type': string;
  readonly detail: { readonly faces?: readonly { readonly identity?: { readonly person: string } }[] };
}

/** The events on the bus: first those of people. */
function published(scratch: string): Published[] {
  const lines = readFileSync(join(scratch, eventsFile), 'utf8').trim().split('\n');
  const events: Published[] = lines.map((line) => JSON.parse(line));
  return events.sort((a, b) => b['detail-type'].localeCompare(a['detail-type']));
}
