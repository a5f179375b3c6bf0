import type { RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Handler, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { index, vectorName } from '../lib/adapters/dynamo-table.ts';
import { variable } from '../lib/config.ts';
import { keyActions } from './encryption.ts';
import { detectCode, handler, imageSource, modelsLayerCode } from './function-assets.ts';
import { photoPrefixes } from './photo-bucket.ts';
import type { PipelineQueue } from './pipeline-queue.ts';
import { RecognitionFunction, type RecognitionFunctionProps } from './recognition-function.ts';

/** Time-outs, and how messages are collected for a function. */
export const stages = {
  /** A photo is searched for itself: more of them in a batch would wait for each other and gain nothing. */
  detect: { timeoutSeconds: 60, batchSize: 1, batchingWindowSeconds: 0 },
  /** 32 faces are what one inference takes at most. Batches of more than ten need a window. */
  embed: { timeoutSeconds: 60, batchSize: 32, batchingWindowSeconds: 1 },
  tag: { timeoutSeconds: 30, batchSize: 10, batchingWindowSeconds: 0 },
} as const;

/** API Gateway waits for 30 s at most. */
const apiTimeoutSeconds = 29;

/** Memory of the functions that only wait for others. */
const waitingMemoryMiB = 512;

export interface RecognitionFunctionsProps {
  readonly embedder: string;
  readonly falseMatchRate: number;
  readonly metricsNamespace: string;
  readonly bucket: IBucket;
  readonly table: ITable;
  readonly bus: IEventBus;
  readonly images: PipelineQueue;
  readonly faces: PipelineQueue;
  readonly tags: PipelineQueue;
  readonly encryptionKey: IKey;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly detectMemoryMiB: number;
  readonly embedMemoryMiB: number;
  readonly apiMemoryMiB: number;
  readonly detectConcurrency: number;
  readonly embedConcurrency: number;
}

/** How many batches are named and published at the same time, at most. */
const tagConcurrency = 5;

/** The four functions, what feeds them, and what each may do: the very calls that its adapters make, on the very things it works with. */
export class RecognitionFunctions extends Construct {
  readonly detect: RecognitionFunction;
  readonly embed: RecognitionFunction;
  readonly tag: RecognitionFunction;
  readonly match: RecognitionFunction;

  constructor(scope: Construct, id: string, props: RecognitionFunctionsProps) {
    super(scope, id);
    const { embedder, bucket, table, bus, images, faces, tags, encryptionKey, logRetention, removalPolicy } = props;
    const common = (memoryMiB: number) => ({
      encryptionKey,
      logRetention,
      removalPolicy,
      memoryMiB,
      environment: {
        [variable.bucket]: bucket.bucketName,
        [variable.table]: table.tableName,
        [variable.facesQueueUrl]: faces.queue.queueUrl,
        [variable.tagsQueueUrl]: tags.queue.queueUrl,
        [variable.bus]: bus.eventBusName,
        [variable.embedder]: embedder,
        [variable.falseMatchRate]: String(props.falseMatchRate),
        [variable.metricsNamespace]: props.metricsNamespace,
        [variable.tracing]: 'true',
      },
    });
    const layer = new LayerVersion(this, 'Models', {
      description: 'MTCNN, and the card of the embedder',
      code: Code.fromAsset(modelsLayerCode(embedder)),
      compatibleArchitectures: [Architecture.ARM_64],
      removalPolicy,
    });
    this.detect = new RecognitionFunction(this, 'Detect', {
      ...common(props.detectMemoryMiB),
      description: 'Finds the faces in photos',
      code: Code.fromAsset(detectCode()),
      runtime: Runtime.NODEJS_22_X,
      handler: handler.detect,
      layers: [layer],
      timeoutSeconds: stages.detect.timeoutSeconds,
    });
    this.embed = new RecognitionFunction(this, 'Embed', {
      ...common(props.embedMemoryMiB),
      ...imageCode(handler.embed, embedder),
      description: 'Turns faces into vectors',
      timeoutSeconds: stages.embed.timeoutSeconds,
    });
    this.tag = new RecognitionFunction(this, 'Tag', {
      ...common(waitingMemoryMiB),
      ...imageCode(handler.tag, embedder),
      description: 'Says who is in a photo',
      timeoutSeconds: stages.tag.timeoutSeconds,
    });
    this.match = new RecognitionFunction(this, 'Match', {
      ...common(props.apiMemoryMiB),
      ...imageCode(handler.api, embedder),
      description: 'Answers the API',
      timeoutSeconds: apiTimeoutSeconds,
    });

    this.detect.follow(images, { ...stages.detect, maxConcurrency: props.detectConcurrency });
    this.embed.follow(faces, { ...stages.embed, maxConcurrency: props.embedConcurrency });
    this.tag.follow(tags, { ...stages.tag, maxConcurrency: tagConcurrency });

    const keys = [bucket.encryptionKey, table.encryptionKey].filter(
      (key) => key !== undefined && key !== encryptionKey,
    );
    for (const each of [this.detect, this.embed, this.tag, this.match]) each.allowKey(keyActions, ...(keys as IKey[]));

    const { tableArn } = table;
    const indexArn = (name: string) => `${tableArn}/index/${name}`;
    const write = ['DeleteItem', 'PutItem', 'UpdateItem'];

    // ListBucket lets S3 answer that an object is not there; without it, it answers that access is denied.
    for (const each of [this.detect, this.match]) {
      each.allow(['s3:ListBucket'], bucket.bucketArn);
      each.allowObjects(['s3:GetObject', 's3:GetObjectVersion'], bucket, photoPrefixes);
    }
    this.detect.allow(dynamo('GetItem', 'Query', ...write), tableArn);
    this.detect.allow(['sqs:SendMessage'], faces.queue.queueArn, tags.queue.queueArn);

    this.embed.allow(dynamo('GetItem', ...write), tableArn);
    this.embed.allow(['sqs:SendMessage'], tags.queue.queueArn);

    this.tag.allow(dynamo('BatchGetItem', 'DeleteItem', 'GetItem', 'Query', 'UpdateItem'), tableArn);
    this.tag.allow(dynamo('Query'), indexArn(index.byPerson));
    this.tag.allow(dynamo('SearchVectors'), indexArn(vectorName(embedder)));
    this.tag.allow(['events:PutEvents'], bus.eventBusArn);

    this.match.allow(['s3:ListBucketVersions'], bucket.bucketArn);
    // It puts nothing itself: whoever it signs an upload for puts by its rights.
    this.match.allowObjects(['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:PutObject'], bucket, photoPrefixes);
    this.match.allow(dynamo('BatchGetItem', 'GetItem', 'Query', ...write), tableArn);
    this.match.allow(dynamo('Query'), indexArn(index.byCollection), indexArn(index.byPerson));
    this.match.allow(dynamo('SearchVectors'), indexArn(vectorName(embedder)));
    this.match.allow(['sqs:SendMessage'], tags.queue.queueArn);
  }
}

/** One image for all; each function has a command of its own. */
function imageCode(command: string, embedder: string): Pick<RecognitionFunctionProps, 'code' | 'runtime' | 'handler'> {
  const { directory, ...source } = imageSource(embedder);
  return {
    code: Code.fromAssetImage(directory, {
      ...source,
      cmd: [command],
      platform: Platform.LINUX_ARM64,
    }),
    runtime: Runtime.FROM_IMAGE,
    handler: Handler.FROM_IMAGE,
  };
}

function dynamo(...calls: readonly string[]): string[] {
  return calls.map((call) => `dynamodb:${call}`);
}
