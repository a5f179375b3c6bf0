import { Fn, Names, RemovalPolicy } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, type IEventBus, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { type CallersConfig, defaultEmbedder, variable } from '../lib/config.ts';
import { ConfigError } from '../lib/core/errors.ts';
import { eventSource, type FacenetEvent } from '../lib/core/events.ts';
import { atFalseMatchRate } from '../lib/core/false-match-rate.ts';
import { defaultFalseMatchRate } from '../lib/vision/similarity.ts';
import { AccessKeySecret } from './access-key-secret.ts';
import { ApiAuth, authorizerOf } from './api-auth.ts';
import { checkVectorIndex, embedderCard } from './embedders.ts';
import { encryptionKey } from './encryption.ts';
import type { FaceRecognitionProps } from './face-recognition-props.ts';
import { FaceTable } from './face-table.ts';
import { RecognitionFunctions, stages } from './functions.ts';
import { followExistingBucket, PhotoBucket } from './photo-bucket.ts';
import { PipelineQueue } from './pipeline-queue.ts';
import { RecognitionAlarms } from './recognition-alarms.ts';
import { type ApiPurpose, RecognitionApi } from './recognition-api.ts';
import { RecognitionDashboard } from './recognition-dashboard.ts';
import { checkProps } from './validation.ts';

/**
 * Private face recognition: photos that are put into the bucket are searched for faces, the faces are embedded and named, and what was found is told on the
 * bus and answered by the API. cdk/README.md lists the construct ids, which stay as they are.
 */
export class FaceRecognition extends Construct {
  /** Where photos go: `people/<person>/…` enrols, `photos/…` is indexed and identified. */
  readonly bucket: IBucket;
  /** Faces, people and images. */
  readonly table: ITable;
  /** Where events appear. */
  readonly bus: IEventBus;
  readonly images: PipelineQueue;
  readonly faces: PipelineQueue;
  readonly tags: PipelineQueue;
  readonly functions: RecognitionFunctions;
  readonly api: HttpApi;
  readonly apiUrl: string;
  /** The host of the API, for something that is put before it. */
  readonly apiDomain: string;
  /** Where the keys are that callers sign with; undefined where none do. */
  readonly accessKeys?: AccessKeySecret;
  readonly encryptionKey: IKey;
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard;
  readonly #api: RecognitionApi;
  readonly #auth: ApiAuth;

  /** @throws ConfigError that says what was expected, what came, and what to change */
  constructor(scope: Construct, id: string, props: FaceRecognitionProps = {}) {
    super(scope, id);
    checkProps(props);
    const { existingTable, removalPolicy = RemovalPolicy.RETAIN, logRetention = RetentionDays.THREE_MONTHS } = props;
    const embedder = embedderCard(props.embedder ?? defaultEmbedder);
    const falseMatchRate = props.falseMatchRate ?? defaultFalseMatchRate;
    atFalseMatchRate(embedder, falseMatchRate);
    const otherEmbedders = [...new Set(props.otherEmbedders)].map(embedderCard).filter(({ id }) => id !== embedder.id);
    if (existingTable) checkVectorIndex(existingTable, embedder);

    const key = encryptionKey(this, props.encryptionKey, removalPolicy);
    this.encryptionKey = key;
    this.images = new PipelineQueue(this, 'Images', { encryptionKey: key, ...stages.detect });
    this.faces = new PipelineQueue(this, 'Faces', { encryptionKey: key, ...stages.embed });
    this.tags = new PipelineQueue(this, 'Tags', { encryptionKey: key, ...stages.tag });
    this.bucket =
      props.bucket ??
      new PhotoBucket(this, 'Photos', { ...props, encryptionKey: key, removalPolicy, changes: this.images.queue })
        .bucket;
    if (props.bucket) followExistingBucket(this, props.bucket, this.images.queue);
    this.table =
      existingTable?.table ??
      new FaceTable(this, 'Table', { encryptionKey: key, embedders: [embedder, ...otherEmbedders], removalPolicy })
        .table;
    this.bus =
      props.bus ?? (new EventBus(this, 'Bus', { description: 'Who is in which photo', kmsKey: key }) as IEventBus);
    const kept = { encryptionKey: key, logRetention, removalPolicy };
    const { bucket, table, bus, images, faces, tags } = this;
    const metricsNamespace = `Facenet/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`;
    this.functions = new RecognitionFunctions(this, 'Functions', {
      ...kept,
      embedder: embedder.id,
      falseMatchRate,
      metricsNamespace,
      bucket,
      table,
      bus,
      images,
      faces,
      tags,
      detectMemoryMiB: props.detectMemoryMiB ?? 1769,
      embedMemoryMiB: props.embedMemoryMiB ?? 1769,
      apiMemoryMiB: props.apiMemoryMiB ?? 3008,
      detectConcurrency: props.detectConcurrency ?? 10,
      embedConcurrency: props.embedConcurrency ?? 5,
    });
    this.#auth = props.apiAuth ?? ApiAuth.iam();
    const byKeyAlone = this.#auth.kind === 'access-keys';
    const byKeys = byKeyAlone || props.accessKeys === true;
    const callers: CallersConfig['callers'] = [
      ...(byKeyAlone ? [] : ['gateway' as const]),
      ...(byKeys ? ['access-keys' as const] : []),
    ];
    const { match } = this.functions;
    match.function.addEnvironment(variable.callers, callers.join(','));
    if (byKeys) {
      this.accessKeys = new AccessKeySecret(this, 'AccessKeys', { encryptionKey: key, removalPolicy });
      this.accessKeys.allowReading(match);
    }
    this.#api = new RecognitionApi(this, 'Api', {
      ...kept,
      handler: match.function,
      authorizer: authorizerOf(this.#auth),
      accessKeys: byKeys,
      requestsPerSecond: props.apiRequestsPerSecond ?? 20,
      burstRequests: props.apiBurstRequests ?? 40,
    });
    this.api = this.#api.api;
    this.apiUrl = this.#api.url;
    this.apiDomain = Fn.select(2, Fn.split('/', this.api.apiEndpoint));
    const watched = {
      queues: { Images: images, Faces: faces, Tags: tags },
      functions: {
        Detect: this.functions.detect,
        Embed: this.functions.embed,
        Tag: this.functions.tag,
        Match: this.functions.match,
      },
      api: this.api,
    };
    this.alarms = new RecognitionAlarms(this, 'Alarms', { ...watched, topic: props.alarmTopic }).alarms;
    this.dashboard = new RecognitionDashboard(this, 'Overview', { ...watched, table, metricsNamespace }).dashboard;
  }

  /**
   * Lets somebody put photos into `photos/`, to be indexed and identified.
   * @param collection another one than `main`
   * @throws ConfigError when it is no name of a collection
   */
  grantUpload(grantee: IGrantable, collection?: string): Grant {
    return this.#grantPut(grantee, `${keysOf(collection)}photos/*`);
  }

  /**
   * Lets somebody put photos into `people/`: whoever may do so says who is who.
   * @param collection another one than `main`
   * @throws ConfigError when it is no name of a collection
   */
  grantEnrol(grantee: IGrantable, collection?: string): Grant {
    return this.#grantPut(grantee, `${keysOf(collection)}people/*`);
  }

  /**
   * Lets somebody verify, search and detect by the API.
   * @throws ConfigError when the API asks for something else than AWS credentials
   */
  grantRecognise(grantee: IGrantable): Grant {
    return this.#grantRoutes(grantee, 'recognise');
  }

  /**
   * Lets somebody list people, faces and photos by the API.
   * @throws ConfigError when the API asks for something else than AWS credentials
   */
  grantRead(grantee: IGrantable): Grant {
    return this.#grantRoutes(grantee, 'read');
  }

  /**
   * Lets somebody change by the API who is who, and put photos into the bucket by addresses that it signs.
   * @throws ConfigError when the API asks for something else than AWS credentials
   */
  grantChange(grantee: IGrantable): Grant {
    return this.#grantRoutes(grantee, 'change');
  }

  /**
   * Lets somebody erase people and photos by the API.
   * @throws ConfigError when the API asks for something else than AWS credentials
   */
  grantForget(grantee: IGrantable): Grant {
    return this.#grantRoutes(grantee, 'forget');
  }

  /**
   * Lets somebody call all operations of Rekognition's protocol, with AWS credentials and the signing name `execute-api`; stock clients of Rekognition need
   * `accessKeys`.
   * @throws ConfigError when the API asks for something else than AWS credentials
   */
  grantRekognition(grantee: IGrantable): Grant {
    return this.#grantRoutes(grantee, 'rekognition');
  }

  /** Sends events to a target, those of some types or all of them; docs/events/ tells what is in them. */
  onEvent(id: string, target: IRuleTarget, ...types: readonly FacenetEvent['type'][]): Rule {
    return new Rule(this, id, {
      eventBus: this.bus,
      eventPattern: { source: [eventSource], ...(types.length > 0 && { detailType: [...types] }) },
      targets: [target],
    });
  }

  #grantPut(grantee: IGrantable, keys: string): Grant {
    const { encryptionKey } = this.bucket;
    if (encryptionKey) {
      // An upload in parts needs Decrypt, too.
      Grant.addToPrincipal({
        grantee,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resourceArns: [encryptionKey.keyArn],
      });
    }
    const resourceArns = [this.bucket.arnForObjects(keys)];
    return Grant.addToPrincipal({
      grantee,
      actions: ['s3:PutObject', 's3:AbortMultipartUpload'],
      resourceArns,
    });
  }

  #grantRoutes(grantee: IGrantable, purpose: ApiPurpose): Grant {
    if (this.#auth.kind !== 'iam' || (purpose === 'rekognition' && this.accessKeys)) {
      throw new ConfigError(
        `Expected ApiAuth.iam() for a grant on the API, received ${this.#auth.kind === 'iam' ? 'accessKeys' : this.#auth.kind}. With tokens whoever has one may call, and access keys say themselves what they are good for; leave the grant out.`,
      );
    }
    return Grant.addToPrincipal({
      grantee,
      actions: ['execute-api:Invoke'],
      resourceArns: this.#api.routeArns(purpose),
    });
  }
}

/** A `*` of a policy stands for slashes, too: `collections/*` with `photos/` behind it would let in `collections/…/people/…/photos/…`. So each collection is named. */
function keysOf(collection: string | undefined): string {
  if (collection === undefined) return '';
  if (/^[^/*?]+$/.test(collection)) return `collections/${collection}/`;
  throw new ConfigError(
    `Expected the name of one collection, without slashes and wildcards, received "${collection}". Grant each collection for itself.`,
  );
}
