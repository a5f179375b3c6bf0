import { Duration, Names, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface PipelineQueueProps {
  readonly encryptionKey: IKey;
  /** Of the function that follows the queue. */
  readonly timeoutSeconds: number;
  /** For how long a batch is collected. */
  readonly batchingWindowSeconds: number;
}

/** How often a message is tried before it is parked. AWS advises at least five for a queue that a function follows, as throttling counts as a try. */
const mostReceives = 5;

/** The longest that SQS keeps a message: time enough to notice, mend and redrive. */
const kept = Duration.days(14);

/**
 * A queue between two stages, with the one where messages are parked that failed too often.
 * A message stays hidden for six times the function's time-out and the batching window, as AWS advises for partial batches.
 */
export class PipelineQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: PipelineQueueProps) {
    super(scope, id);
    const { encryptionKey, timeoutSeconds, batchingWindowSeconds } = props;
    const safe = {
      encryption: QueueEncryption.KMS,
      encryptionMasterKey: encryptionKey,
      // One call to KMS an hour instead of one in five minutes for each sender.
      dataKeyReuse: Duration.hours(1),
      enforceSSL: true,
      retentionPeriod: kept,
    };
    // Named, because each of the two queues speaks of the other: one as a reference, one by its name.
    const queueName = Names.uniqueResourceName(this, { maxLength: 80, separator: '-' });
    const sourceArn = Stack.of(this).formatArn({ service: 'sqs', resource: queueName });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      ...safe,
      redriveAllowPolicy: {
        redrivePermission: RedrivePermission.BY_QUEUE,
        sourceQueues: [Queue.fromQueueArn(this, 'Source', sourceArn)],
      },
    });
    this.queue = new Queue(this, 'Queue', {
      ...safe,
      queueName,
      visibilityTimeout: Duration.seconds(6 * timeoutSeconds + batchingWindowSeconds),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: mostReceives },
    });
  }
}
