import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type Code,
  EventSourceMapping,
  Function as LambdaFunction,
  type LayerVersion,
  type Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from './acknowledge.ts';
import type { PipelineQueue } from './pipeline-queue.ts';

export interface RecognitionFunctionProps {
  readonly description: string;
  readonly code: Code;
  readonly runtime: Runtime;
  readonly handler: string;
  readonly layers?: LayerVersion[];
  readonly memoryMiB: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly encryptionKey: IKey;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
}

export interface FollowOptions {
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly maxConcurrency: number;
}

/** An arm64 function with its own log group and a role that may do nothing but write there, until `allow` says what else. */
export class RecognitionFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly memoryMiB: number;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: RecognitionFunctionProps) {
    super(scope, id);
    const { memoryMiB, timeoutSeconds, encryptionKey, logRetention, removalPolicy, environment, ...code } = props;
    this.#key = encryptionKey;
    this.memoryMiB = memoryMiB;
    this.logGroup = new LogGroup(this, 'Logs', { retention: logRetention, encryptionKey, removalPolicy });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.function = new LambdaFunction(this, 'Function', {
      ...code,
      architecture: Architecture.ARM_64,
      memorySize: memoryMiB,
      timeout: Duration.seconds(timeoutSeconds),
      environment: { ...environment },
      logGroup: this.logGroup,
      role,
      tracing: Tracing.ACTIVE,
    });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], this.logGroup.logGroupArn);
    acknowledgeWildcard(role, '*', 'X-Ray takes traces under no other name.');
    acknowledge(role, 'IAMNoInlinePolicy', 'The policy is of this one role, and goes with it.');
    acknowledge(
      this.function,
      'LambdaDLQ',
      'It is for asynchronous calls, of which there are none: what fails stays in the queue, and then in its dead letters.',
    );
    acknowledge(
      this.function,
      'LambdaConcurrency',
      "The mapping of the queue and the API's throttle are the limits; a reserved one would be taken from the account's.",
    );
    acknowledge(
      this.function,
      'LambdaInsideVPC',
      'It speaks to AWS services alone, over TLS and by IAM; a VPC would add addresses, not a barrier.',
    );
    acknowledge(
      this.function,
      'L1',
      'Zip and image run the same release of Node, which Lambda supports; the native parts are tested with it.',
    );
  }

  /** Lets the function do this to these, and nothing wider. */
  allow(actions: readonly string[], ...resources: readonly string[]): void {
    this.function.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
  }

  /** The same for objects in a bucket, by the prefixes of their keys. */
  allowObjects(actions: readonly string[], bucket: IBucket, prefixes: readonly string[]): void {
    const objects = prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`));
    this.allow(actions, ...objects);
    for (const each of objects) {
      acknowledgeWildcard(
        this,
        each,
        'Keys are not known before photos are there; no other prefix of the bucket is touched.',
      );
    }
  }

  /** Lets the function use the key, but only as S3, SQS and DynamoDB ask for it on its behalf. */
  allowKey(actions: readonly string[], ...keys: readonly IKey[]): void {
    this.#allowKeys(['dynamodb', 's3', 'sqs'], actions, [this.#key, ...keys]);
  }

  /** The same for one key, as another service asks for it. */
  allowKeyFor(service: string, actions: readonly string[], key: IKey): void {
    this.#allowKeys([service], actions, [key]);
  }

  #allowKeys(services: readonly string[], actions: readonly string[], keys: readonly IKey[]): void {
    const { region, urlSuffix } = Stack.of(this);
    this.function.addToRolePolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: keys.map((key) => key.keyArn),
        conditions: {
          StringEquals: { 'kms:ViaService': services.map((service) => `${service}.${region}.${urlSuffix}`) },
        },
      }),
    );
  }

  /** Feeds the function from a queue; only what failed of a batch comes again. */
  follow({ queue }: PipelineQueue, { batchSize, batchingWindowSeconds, maxConcurrency }: FollowOptions): void {
    this.allow(
      ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ChangeMessageVisibility'],
      queue.queueArn,
    );
    new EventSourceMapping(this, 'Mapping', {
      target: this.function,
      eventSourceArn: queue.queueArn,
      batchSize,
      maxBatchingWindow: Duration.seconds(batchingWindowSeconds),
      maxConcurrency,
      reportBatchItemFailures: true,
    });
  }
}
