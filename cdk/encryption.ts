import { Annotations, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/** What those do with a key that write and read under it. */
export const keyActions = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/**
 * The key of everything that is kept, with the words in its policy that the services need which use it on their own behalf. When the caller's key is one
 * that was imported, its policy is the caller's business: a warning of the synthesis says what has to stand in it.
 */
export function encryptionKey(scope: Construct, given: IKey | undefined, removalPolicy: RemovalPolicy): IKey {
  const key =
    given ??
    new Key(scope, 'Key', {
      description: `Faces, photos and events of ${scope.node.path}`,
      enableKeyRotation: true,
      removalPolicy,
    });
  const services = servicesOnTheirOwn(scope);
  const added = services.map((statement) => key.addToResourcePolicy(statement).statementAdded);
  if (added.includes(false)) {
    Annotations.of(scope).addWarningV2(
      'facenet-serverless:key-policy',
      `The encryption key was imported, so its policy cannot be changed from here. Add these statements to it, or notifications and logs stop: ${JSON.stringify(Stack.of(scope).resolve(services.map((each) => each.toStatementJson())))}`,
    );
  }
  return key;
}

/** Services that use the key without a caller of this account behind them. */
function servicesOnTheirOwn(scope: Construct): PolicyStatement[] {
  const { account, region, partition } = Stack.of(scope);
  // In a key's policy `*` is the key itself; a key cannot name its own ARN.
  const resources = ['*'];
  return [
    new PolicyStatement({
      sid: 'NotificationsIntoTheQueues',
      principals: [new ServicePrincipal('s3.amazonaws.com'), new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources,
      conditions: { StringEquals: { 'aws:SourceAccount': account } },
    }),
    new PolicyStatement({
      sid: 'LogGroups',
      principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
      actions: keyActions,
      resources,
      conditions: {
        ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
      },
    }),
  ];
}
