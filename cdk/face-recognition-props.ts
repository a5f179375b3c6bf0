import type { RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { ApiAuth } from './api-auth.ts';

/** A table that is there already, such as one restored from a backup. */
export interface ExistingTable {
  readonly table: ITable;
  /** Its vector index, as `aws dynamodb describe-table` tells it. */
  readonly vectorIndexName: string;
  /** How long the vectors are that the index holds. */
  readonly vectorDimensions: number;
}

/** What can be chosen of a FaceRecognition. */
export interface FaceRecognitionProps {
  /**
   * The model that turns faces into vectors, by its id in the catalog of layers/models or in the models folder.
   * @default - mobilefacenet-ensemble, which needs nothing but npm to be built
   */
  readonly embedder?: string;

  /**
   * The part of the pairs of strangers that may be taken for one person: one of the rates that the embedder is calibrated at. Choose 1e-4 with a hundred
   * people enrolled and 1e-5 with a thousand; docs/accuracy.md says why.
   * @default - 1e-3, which suits comparing two faces, and a handful of people
   */
  readonly falseMatchRate?: number;

  /**
   * Models whose vector indexes stay beside the embedder's, so that nothing is lost while photos are embedded anew.
   * @default - the embedder's index is the only one; those of other models are deleted with the next deployment
   */
  readonly otherEmbedders?: readonly string[];

  /**
   * A bucket that is there already. Its changes come by EventBridge, which has to be turned on for it once; cdk/README.md says how.
   * @default - a new bucket: versioned, encrypted, closed to the public and to plain HTTP
   */
  readonly bucket?: IBucket;

  /**
   * Where the new bucket writes its access log. Object keys name people, and this log keeps them after they are forgotten.
   * @default - no access log
   */
  readonly accessLogsBucket?: IBucket;

  /**
   * Days after which photos under `photos/` expire, with the faces in them. Photos that enrol people stay.
   * @default - photos stay until somebody removes them
   */
  readonly photoRetentionDays?: number;

  /**
   * A bus that is there already, for the events.
   * @default - a new bus
   */
  readonly bus?: IEventBus;

  /**
   * A table that is there already.
   * @default - a new table: on demand, encrypted, with point-in-time recovery and protected from deletion
   */
  readonly existingTable?: ExistingTable;

  /**
   * The key that encrypts bucket, queues, table, bus and logs.
   * @default - a new key, rotated every year
   */
  readonly encryptionKey?: IKey;

  /**
   * How long log lines are kept.
   * @default RetentionDays.THREE_MONTHS
   */
  readonly logRetention?: RetentionDays;

  /**
   * Who may call the API.
   * @default ApiAuth.iam()
   */
  readonly apiAuth?: ApiAuth;

  /**
   * Whether stock clients of Amazon Rekognition may call with the API as their endpoint: signed by keys that `facenet keys` issues, as API Gateway cannot check
   * what they sign. A secret holds the keys.
   * @default - only with ApiAuth.accessKeys(), which lets callers in so on every route
   */
  readonly accessKeys?: boolean;

  /**
   * Requests a second that the API takes in the long run; more are answered 429.
   * @default 20
   */
  readonly apiRequestsPerSecond?: number;

  /**
   * Requests that the API takes at once; more are answered 429.
   * @default 40
   */
  readonly apiBurstRequests?: number;

  /**
   * Who is told when a person has to act.
   * @default - the alarms are there, but tell nobody
   */
  readonly alarmTopic?: ITopic;

  /**
   * Memory of the function that finds faces. Lambda gives one vCPU for each 1,769 MiB; the threads follow.
   * @default 1769
   */
  readonly detectMemoryMiB?: number;

  /**
   * Memory of the function that embeds faces.
   * @default 1769
   */
  readonly embedMemoryMiB?: number;

  /**
   * Memory of the function that answers the API. More of it answers sooner.
   * @default 3008
   */
  readonly apiMemoryMiB?: number;

  /**
   * How many photos' batches are searched for faces at the same time, at most.
   * @default 10
   */
  readonly detectConcurrency?: number;

  /**
   * How many batches of faces are embedded at the same time, at most.
   * @default 5
   */
  readonly embedConcurrency?: number;

  /**
   * What becomes of bucket, table, key, logs, secret and models when they leave the stack. With DESTROY the table can be deleted; the bucket still has to be empty.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}
