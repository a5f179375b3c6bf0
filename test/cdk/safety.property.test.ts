import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { ApiAuth } from '../../cdk/api-auth.ts';
import { FaceRecognition } from '../../cdk/face-recognition.ts';
import type { FaceRecognitionProps } from '../../cdk/face-recognition-props.ts';
import { variable } from '../../lib/config.ts';
import { type Resource, resourcesOf, stackFor } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

/** Whatever can be chosen. What needs a stack to live in is made for it. */
const choices = fc.record(
  {
    embedder: fc.constantFrom('mobilefacenet-ensemble', 'dlib-resnet'),
    otherEmbedders: fc.subarray(['mobilefacenet-ensemble', 'dlib-resnet']),
    photoRetentionDays: fc.integer({ min: 1, max: 3650 }),
    bucket: fc.constantFrom('imported'),
    bus: fc.constantFrom('imported'),
    table: fc.constantFrom('imported'),
    encryptionKey: fc.constantFrom('own', 'imported'),
    logRetention: fc.constantFrom(RetentionDays.ONE_WEEK, RetentionDays.ONE_YEAR),
    apiAuth: fc.constantFrom(
      ApiAuth.iam(),
      ApiAuth.jwt({ issuer: 'https://issuer.example', audience: ['me'] }),
      ApiAuth.accessKeys(),
    ),
    accessKeys: fc.boolean(),
    alarmTopic: fc.constantFrom('imported'),
    detectMemoryMiB: fc.integer({ min: 512, max: 10_240 }),
    embedConcurrency: fc.integer({ min: 2, max: 1000 }),
    removalPolicy: fc.constantFrom(RemovalPolicy.DESTROY, RemovalPolicy.RETAIN),
  },
  { requiredKeys: [] },
);
type Choices = typeof choices extends fc.Arbitrary<infer T> ? T : never;

function propsOf(stack: Stack, chosen: Choices): FaceRecognitionProps {
  const { bucket, bus, table, encryptionKey, alarmTopic, photoRetentionDays, otherEmbedders, ...plain } = chosen;
  const embedder = plain.embedder ?? 'mobilefacenet-ensemble';
  const arn = (service: string, name: string) => `arn:aws:${service}:eu-west-1:123456789012:${name}`;
  return {
    ...plain,
    ...(bucket
      ? { bucket: Bucket.fromBucketName(stack, 'Bucket', 'mine') }
      : photoRetentionDays && { photoRetentionDays }),
    ...(bus && { bus: EventBus.fromEventBusName(stack, 'Bus', 'mine') }),
    ...(table
      ? {
          existingTable: {
            table: Table.fromTableName(stack, 'Table', 'mine'),
            vectorIndexName: `embedding-${embedder}`,
            vectorDimensions: embedder === 'mobilefacenet-ensemble' ? 208 : 128,
          },
        }
      : otherEmbedders && { otherEmbedders }),
    ...(encryptionKey === 'own' && { encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) }),
    ...(encryptionKey === 'imported' && { encryptionKey: Key.fromKeyArn(stack, 'Key', arn('kms', 'key/mine')) }),
    ...(alarmTopic && { alarmTopic: Topic.fromTopicArn(stack, 'Topic', arn('sns', 'mine')) }),
  };
}

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface Policy {
  readonly path: string;
  readonly kind: 'identity' | 'key' | 'resource';
  readonly statements: readonly Statement[];
}

function policiesOf(template: Template): Policy[] {
  return resourcesOf(template).flatMap(([path, { Type, Properties }]): Policy[] => {
    const statements = (document: { Statement: Statement[] }) => document.Statement;
    if (Type === 'AWS::KMS::Key') return [{ path, kind: 'key', statements: statements(Properties.KeyPolicy) }];
    if (/^AWS::(SQS::Queue|S3::Bucket)Policy$/.test(Type)) {
      return [{ path, kind: 'resource', statements: statements(Properties.PolicyDocument) }];
    }
    if (/^AWS::IAM::(Managed)?Policy$/.test(Type)) {
      return [{ path, kind: 'identity', statements: statements(Properties.PolicyDocument) }];
    }
    return [];
  });
}

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** The wildcards that are allowed to be there, each with its reason. */
const reasons = [
  {
    why: 'the account looks after its key by IAM, as AWS advises for every key',
    holds: ({ kind }: Policy, { Action, Principal }: Statement) =>
      kind === 'key' && Action === 'kms:*' && JSON.stringify(Principal).includes(':root'),
  },
  {
    why: "in a key's policy * is the key itself",
    holds: ({ kind }: Policy, { Action }: Statement) => kind === 'key' && !listed(Action).join().includes('*'),
  },
  {
    why: 'X-Ray takes traces under no other name',
    holds: (_: Policy, { Action }: Statement) =>
      listed(Action).every((action) => String(action).startsWith('xray:Put')),
  },
];

function check(template: Template): void {
  const of = (type: string) => resourcesOf(template, type);
  const properties = (type: string) => of(type).map(([, resource]) => resource.Properties);

  for (const policy of policiesOf(template)) {
    for (const statement of policy.statements.filter(({ Effect }) => Effect === 'Allow')) {
      const wild =
        listed(statement.Action).some((action) => String(action).includes('*')) ||
        listed(statement.Resource).includes('*');
      const explained = reasons.some(({ holds }) => holds(policy, statement));
      expect(wild && !explained, `${policy.path}: ${JSON.stringify(statement)}`).toBe(false);
      expect(JSON.stringify(statement.Principal ?? ''), policy.path).not.toMatch(/^"\*"$|"AWS":"\*"/);
      if (JSON.stringify(statement.Principal ?? '').includes('Service')) {
        expect(JSON.stringify(statement.Condition), policy.path).toMatch(/aws:Source|EncryptionContext/);
      }
    }
  }
  for (const [path, { Properties }] of of('AWS::IAM::Role')) {
    expect(Properties.ManagedPolicyArns, path).toBeUndefined();
    expect(Properties.Policies, path).toBeUndefined();
  }

  for (const bucket of properties('AWS::S3::Bucket')) {
    expect(Object.values(bucket.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(JSON.stringify(bucket.BucketEncryption)).toContain('aws:kms');
  }
  for (const queue of properties('AWS::SQS::Queue')) {
    expect(queue.KmsMasterKeyId).toBeDefined();
    expect(queue.RedrivePolicy ?? queue.RedriveAllowPolicy).toBeDefined();
  }
  for (const table of properties('AWS::DynamoDB::Table')) expect(table.SSESpecification.KMSMasterKeyId).toBeDefined();
  for (const bus of properties('AWS::Events::EventBus')) expect(bus.KmsKeyIdentifier).toBeDefined();
  for (const logs of properties('AWS::Logs::LogGroup')) {
    expect(logs.KmsKeyId).toBeDefined();
    expect(logs.RetentionInDays).toBeGreaterThan(0);
  }
  for (const lambda of properties('AWS::Lambda::Function')) {
    expect(lambda).toMatchObject({ Architectures: ['arm64'], LoggingConfig: { LogGroup: expect.anything() } });
  }
  const callers = of('AWS::Lambda::Function').map(
    ([, { Properties }]) => Properties.Environment.Variables[variable.callers],
  );
  const [admitted] = callers.filter((each) => each !== undefined);
  expect(['gateway', 'access-keys', 'gateway,access-keys']).toContain(admitted);
  for (const route of properties('AWS::ApiGatewayV2::Route')) {
    // Where the gateway asks nobody, the function asks for an access key; beside an authorizer, on one route alone.
    if (route.AuthorizationType !== 'NONE') continue;
    expect(admitted).toContain('access-keys');
    if (admitted !== 'access-keys') expect(route.RouteKey).toBe('POST /');
  }
  for (const secret of properties('AWS::SecretsManager::Secret')) expect(secret.KmsKeyId).toBeDefined();
  for (const permission of properties('AWS::Lambda::Permission')) expect(permission.SourceArn).toBeDefined();
  expect(of('AWS::Lambda::Url')).toEqual([]);

  const refusesPlainHttp = policiesOf(template).filter(({ statements }) =>
    statements.some(
      ({ Effect, Condition }) => Effect === 'Deny' && JSON.stringify(Condition).includes('aws:SecureTransport'),
    ),
  );
  expect(refusesPlainHttp).toHaveLength(of('AWS::S3::Bucket').length + of('AWS::SQS::Queue').length);

  expect(
    resourcesOf(template).filter(([, { Type }]: [string, Resource]) => /^Custom::|CustomResource/.test(Type)),
  ).toEqual([]);
}

it('whatever is chosen: no wildcard without a reason, nothing public, everything encrypted, every queue with dead letters, every log with an end', () => {
  fc.assert(
    fc.property(choices, (chosen) => {
      const stack = stackFor();
      new FaceRecognition(stack, 'Recognition', propsOf(stack, chosen));
      check(Template.fromStack(stack));
    }),
    { numRuns: 20, examples: [[{}]] },
  );
});

it('a statement that is too wide is noticed', () => {
  const stack = stackFor();
  const recognition = new FaceRecognition(stack, 'Recognition');
  recognition.functions.embed.allow(['s3:GetObject'], '*');

  expect(() => check(Template.fromStack(stack))).toThrow('s3:GetObject');
});
