import { Duration, type RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ConfigError } from '../lib/core/errors.ts';
import { acknowledge } from './acknowledge.ts';

export interface PhotoBucketProps {
  readonly encryptionKey: IKey;
  readonly accessLogsBucket?: IBucket | undefined;
  readonly photoRetentionDays?: number | undefined;
  readonly removalPolicy: RemovalPolicy;
  /** Where word of every change goes. */
  readonly changes: Queue;
}

/** Where photos lie in the bucket, as docs/architecture.md says; whatever else is in it is left alone. */
export const photoPrefixes = ['people/', 'photos/', 'collections/'];

/** What happens in a bucket: by the names that its notifications want. */
const changeEvents = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'];

/** Days in which a photo can still be fetched back that somebody overwrote or deleted in S3. The API's erasures remove all versions at once. */
const formerVersionsDays = 30;

/** A new bucket for photos, which tells the queue of every change by a plain property: no function of CDK's sets it up. */
export class PhotoBucket extends Construct {
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: PhotoBucketProps) {
    super(scope, id);
    const { encryptionKey, accessLogsBucket, photoRetentionDays, removalPolicy, changes } = props;
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      removalPolicy,
      ...(accessLogsBucket && {
        serverAccessLogsBucket: accessLogsBucket,
        serverAccessLogsPrefix: `${id.toLowerCase()}/`,
      }),
      lifecycleRules: [
        {
          id: 'former-versions',
          noncurrentVersionExpiration: Duration.days(formerVersionsDays),
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
        ...(photoRetentionDays === undefined
          ? []
          : [{ id: 'photos', prefix: 'photos/', expiration: Duration.days(photoRetentionDays) }]),
      ],
    });
    if (!accessLogsBucket) {
      const reason =
        'The keys of photos name people, and a log of requests would keep them after they are forgotten: accessLogsBucket is the choice of who deploys.';
      acknowledge(bucket, 'S1', reason);
      acknowledge(bucket, 'S3BucketLoggingEnabled', reason);
    }
    acknowledge(
      bucket,
      'S3BucketReplicationEnabled',
      'Faces stay in the region that was chosen for them; versions guard against a slip of the hand.',
    );
    changes.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NotificationsOfTheBucket',
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [changes.queueArn],
        // Not the bucket's ARN: the bucket wants the policy first, and would have to be there before it.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    // CDK's own types differ in what may be undefined.
    this.bucket = bucket as IBucket;
    const resource = bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = {
      queueConfigurations: changeEvents.map((event) => ({ event, queue: changes.queueArn })),
    };
    resource.node.addDependency(changes.node.findChild('Policy'));
  }
}

/**
 * Brings word of every change of a bucket that is there already to the queue, by way of EventBridge. A bucket of this very app is told to speak to
 * EventBridge; for an imported one somebody has to do so once.
 * @throws ConfigError when the bucket is in another region, from where no event arrives
 */
export function followExistingBucket(scope: Construct, bucket: IBucket, changes: Queue): void {
  const { region } = Stack.of(scope);
  const bucketRegion = bucket.env.region;
  if (!Token.isUnresolved(region) && !Token.isUnresolved(bucketRegion) && bucketRegion !== region) {
    throw new ConfigError(
      `Expected the bucket in the region of the stack, ${region}, received one in ${bucketRegion}. Deploy this stack to ${bucketRegion}, or take a bucket in ${region} (S3 can replicate into it).`,
    );
  }
  const resource = bucket.node.defaultChild;
  if (resource instanceof CfnBucket) {
    resource.addPropertyOverride('NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled', true);
  }
  const rule = new CfnRule(scope, 'BucketChanges', {
    description: 'Changes of the photos, to be searched for faces',
    eventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Deleted'],
      detail: {
        bucket: { name: [bucket.bucketName] },
        object: { key: photoPrefixes.map((prefix) => ({ prefix })) },
      },
    },
    targets: [{ id: 'Images', arn: changes.queueArn }],
  });
  changes.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ChangesOfTheBucket',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [changes.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
    }),
  );
}
