import { readFileSync } from 'node:fs';
import { RemovalPolicy } from 'aws-cdk-lib';
import { Annotations, Match, type Template, Template as Templates } from 'aws-cdk-lib/assertions';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  OriginRequestPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ApiAuth } from '../../cdk/api-auth.ts';
import { FaceRecognition } from '../../cdk/face-recognition.ts';
import { apiRoutes } from '../../cdk/recognition-api.ts';
import { createApp } from '../../functions/match/http/app.ts';
import { catalog } from '../../layers/models/catalog.ts';
import { tableDefinition } from '../../lib/adapters/dynamo-table.ts';
import { defaultEmbedder, readConfig, variable } from '../../lib/config.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { eventSource } from '../../lib/core/events.ts';
import { metrics } from '../../lib/core/metrics.ts';
import { Api } from '../functions/match/api.ts';
import { resourcesOf, stackFor, synthesise } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

let template: Template;
beforeAll(() => {
  template = synthesise();
});

const queueArn = (queue: string) => ({ 'Fn::GetAtt': [Match.stringLikeRegexp(`^Recognition${queue}Queue`), 'Arn'] });

describe('the way of a photo', () => {
  it('begins with the bucket telling the images queue of every change, by a plain property', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: {
        QueueConfigurations: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'].map((Event) => ({
          Event,
          Queue: queueArn('Images'),
        })),
      },
    });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'sqs:SendMessage',
            Principal: { Service: 's3.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          }),
        ]),
      },
    });
  });

  it('has the queue policy before the bucket, which tries the queue when it is made', () => {
    const bucket = resourcesOf(template, 'AWS::S3::Bucket')[0]![1] as unknown as { DependsOn: string[] };

    expect(bucket.DependsOn).toContainEqual(expect.stringMatching(/^RecognitionImagesQueuePolicy/));
  });

  it.each([
    ['Images', 'Detect', 1, 0],
    ['Faces', 'Embed', 32, 1],
    ['Tags', 'Tag', 10, 0],
  ])(
    'goes from the queue %s to %s in batches of %i, of which only what failed comes again',
    (queue, name, BatchSize, window) => {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: queueArn(queue),
        FunctionName: { Ref: Match.stringLikeRegexp(`Functions${name}Function`) },
        BatchSize,
        MaximumBatchingWindowInSeconds: window,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: Match.anyValue() },
      });
    },
  );

  it('is hidden from others for six times the time-out and the batching window', () => {
    const timeouts = new Map(
      resourcesOf(template, 'AWS::Lambda::Function').map(([path, { Properties }]) => [
        path.split('/')[1],
        Properties.Timeout,
      ]),
    );
    const windows = { Images: ['Detect', 0], Faces: ['Embed', 1], Tags: ['Tag', 0] } as const;
    for (const [queue, [name, window]] of Object.entries(windows)) {
      const [, { Properties }] = resourcesOf(template, 'AWS::SQS::Queue').find(
        ([path]) => path === `${queue}/Queue/Resource`,
      )!;
      expect(Properties.VisibilityTimeout).toBeGreaterThanOrEqual(6 * timeouts.get(name) + window);
    }
  });

  it('ends in dead letters after five attempts, which may be redriven into that queue alone', () => {
    for (const queue of ['Images', 'Faces', 'Tags']) {
      template.hasResourceProperties('AWS::SQS::Queue', {
        QueueName: Match.stringLikeRegexp(queue),
        RedrivePolicy: {
          deadLetterTargetArn: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^Recognition${queue}DeadLetters`), 'Arn'] },
          maxReceiveCount: 5,
        },
      });
      template.hasResourceProperties('AWS::SQS::Queue', {
        MessageRetentionPeriod: 14 * 24 * 60 * 60,
        RedriveAllowPolicy: {
          redrivePermission: 'byQueue',
          sourceQueueArns: [{ 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`:.*${queue}`)])] }],
        },
      });
    }
  });
});

describe('the table', () => {
  it('is the one that the adapter works with', () => {
    const [, { Properties }] = resourcesOf(template, 'AWS::DynamoDB::Table')[0]!;
    const { TableName, ...definition } = tableDefinition({ table: '', embedder: catalog[defaultEmbedder].card });

    expect(Properties).toMatchObject(definition);
    expect(Properties).not.toHaveProperty('TableName');
  });

  it('is kept, protected, and can be set back to any second of 35 days', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    });
  });

  it('has a vector index beside the first for an embedder that one moves to', () => {
    const indexes = (embedder: string, other: string) =>
      resourcesOf(synthesise({ embedder, otherEmbedders: [other] }), 'AWS::DynamoDB::Table')[0]![1].Properties
        .VectorIndexes;

    expect(indexes('mobilefacenet', 'dlib-resnet')).toMatchObject([
      { IndexName: 'embedding-dlib-resnet', Dimensions: 128 },
      { IndexName: 'embedding-mobilefacenet', Dimensions: 192 },
    ]);
    // The move itself leaves the table alone.
    expect(indexes('dlib-resnet', 'mobilefacenet')).toEqual(indexes('mobilefacenet', 'dlib-resnet'));
  });

  it('can be deleted where everything may go', () => {
    synthesise({ removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });
});

describe('the functions', () => {
  it('get settings by the names that lib/config.ts reads', () => {
    for (const [path, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      const names = Object.keys(Properties.Environment.Variables);
      expect(Object.values(variable), path).toEqual(expect.arrayContaining(names));

      const values = names.map((name) => [name, settingOf(Properties.Environment.Variables[name])]);
      expect(readConfig(Object.fromEntries(values)), path).toMatchObject({
        embedder: defaultEmbedder,
        falseMatchRate: 1e-3,
        tracing: true,
      });
    }
  });

  it('run the same image, but for detect', () => {
    const images = resourcesOf(template, 'AWS::Lambda::Function').flatMap(
      ([, { Properties }]) => Properties.Code.ImageUri ?? [],
    );

    expect(images).toHaveLength(3);
    expect(new Set(images.map((image) => JSON.stringify(image)))).toHaveLength(1);
  });
});

/** What CloudFormation would put there, well enough for a reader of settings. */
function settingOf(value: string | object): string {
  if (typeof value === 'string') return value;
  return JSON.stringify(value).includes('Queue') ? 'https://sqs.example/queue' : 'name';
}

describe('the API', () => {
  it('has the routes of the application, and no other', () => {
    const { paths } = createApp(new Api().ports).getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: '', version: '' },
    });
    const documented = Object.entries(paths ?? {}).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );

    const routed = apiRoutes.map(({ method, path }) => `${method} ${path.replace('{key+}', '{key}')}`);
    expect(routed.sort()).toEqual(
      [...documented, 'POST /', 'GET /openapi.json', 'GET /docs', 'GET /docs/{file}'].sort(),
    );
  });

  it.each([
    ['AWS credentials', ApiAuth.iam(), 'AWS_IAM'],
    ['tokens', ApiAuth.jwt({ issuer: 'https://issuer.example', audience: ['me'] }), 'JWT'],
  ])('asks for %s on every route', (_, apiAuth, type) => {
    const routes = resourcesOf(synthesise({ apiAuth }), 'AWS::ApiGatewayV2::Route');

    expect(routes).toHaveLength(apiRoutes.length);
    for (const [, { Properties }] of routes) expect(Properties.AuthorizationType).toBe(type);
  });

  it.each([
    [
      'on every route where access keys alone are asked for',
      { apiAuth: ApiAuth.accessKeys() },
      apiRoutes.length,
      'access-keys',
    ],
    ["on Rekognition's alone where they come beside AWS credentials", { accessKeys: true }, 1, 'gateway,access-keys'],
    [
      "on Rekognition's alone where they come beside tokens",
      { accessKeys: true, apiAuth: ApiAuth.jwt({ issuer: 'https://issuer.example', audience: ['me'] }) },
      1,
      'gateway,access-keys',
    ],
  ])('leaves it to the function to know callers %s', (_, props, count, callers) => {
    const template = synthesise(props);
    const unguarded = resourcesOf(template, 'AWS::ApiGatewayV2::Route').filter(
      ([, { Properties }]) => Properties.AuthorizationType === 'NONE',
    );

    expect(unguarded).toHaveLength(count);
    if (count === 1) expect(unguarded[0]![1].Properties.RouteKey).toBe('POST /');
    const [, secret] = resourcesOf(template, 'AWS::SecretsManager::Secret')[0]!;
    expect(secret.Properties).not.toHaveProperty('SecretString');
    expect(secret.Properties).not.toHaveProperty('GenerateSecretString');
    expect(secret.DeletionPolicy).toBe('Retain');
    const match = resourcesOf(template, 'AWS::Lambda::Function').find(([path]) => path.includes('/Match/'))![1];
    expect(match.Properties.Environment.Variables).toMatchObject({
      [variable.callers]: callers,
      [variable.keySecret]: { Ref: expect.stringContaining('AccessKeys') },
    });
  });

  it('has no secret, and no route of its own, where nobody signs with access keys', () => {
    expect(resourcesOf(template, 'AWS::SecretsManager::Secret')).toEqual([]);
    expect(JSON.stringify(template.toJSON())).not.toContain('secretsmanager');
  });

  it('lets the function read the keys, and nobody write them', () => {
    const actions = resourcesOf(synthesise({ accessKeys: true }), 'AWS::IAM::Policy').flatMap(
      ([path, { Properties }]) =>
        (Properties.PolicyDocument.Statement as { Action: string | string[] }[])
          .flatMap(({ Action }) => [Action].flat())
          .filter((action) => action.startsWith('secretsmanager:'))
          .map((action) => `${action} ${path.includes('/Match/') ? 'Match' : path}`),
    );
    expect(actions).toEqual(['secretsmanager:GetSecretValue Match']);
  });

  it('is throttled, and its access log holds routes instead of paths, which name people', () => {
    const [, { Properties }] = resourcesOf(synthesise({ apiRequestsPerSecond: 7 }), 'AWS::ApiGatewayV2::Stage')[0]!;

    expect(Properties.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 7, ThrottlingBurstLimit: 40 });
    expect(Properties.AccessLogSettings.Format).toContain('$context.routeKey');
    expect(Properties.AccessLogSettings.Format).not.toMatch(/context\.path|rawPath/);
  });
});

it('a firewall fits before the API, as cdk/README.md shows it', () => {
  const stack = stackFor({ account: '123456789012', region: 'us-east-1' });
  const faces = new FaceRecognition(stack, 'Recognition', {
    apiAuth: ApiAuth.jwt({ issuer: 'https://issuer.example', audience: ['me'] }),
  });
  const acl = new CfnWebACL(stack, 'Firewall', {
    scope: 'CLOUDFRONT',
    defaultAction: { allow: {} },
    visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'firewall', sampledRequestsEnabled: false },
  });
  new Distribution(stack, 'Edge', {
    webAclId: acl.attrArn,
    defaultBehavior: {
      origin: new HttpOrigin(faces.apiDomain),
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    },
  });

  const distribution = JSON.stringify(resourcesOf(Templates.fromStack(stack), 'AWS::CloudFront::Distribution'));
  expect(distribution).toMatch(
    /"DomainName":\{"Fn::Select":\[2,\{"Fn::Split":\["\/",\{"Fn::GetAtt":\["RecognitionApi\w+","ApiEndpoint"\]/,
  );
  expect(distribution).toContain('"WebACLId"');
});

describe('what others are allowed', () => {
  const grant = (act: (recognition: FaceRecognition, role: Role) => void) => {
    const stack = stackFor();
    const role = new Role(stack, 'Other', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    act(new FaceRecognition(stack, 'Recognition'), role);
    const policies = resourcesOf(Templates.fromStack(stack), 'AWS::IAM::Policy');
    return policies.find(([path]) => path.startsWith('Other'))![1].Properties.PolicyDocument.Statement;
  };

  it('grantUpload: photos, and not the people', () => {
    const text = JSON.stringify(grant((recognition, role) => recognition.grantUpload(role)));

    expect(text).toContain('s3:PutObject');
    expect(text).toContain('"/photos/*"');
    expect(text).not.toMatch(/people|collections/);
    expect(text).not.toMatch(/s3:(Get|Delete)/);
  });

  it('grantEnrol: people, and not the photos', () => {
    const text = JSON.stringify(grant((recognition, role) => recognition.grantEnrol(role)));

    expect(text).toContain('"/people/*"');
    expect(text).not.toMatch(/photos\/|collections/);
  });

  it('another collection: that one alone, and no key of its people by way of a wildcard', () => {
    const text = JSON.stringify(grant((recognition, role) => recognition.grantUpload(role, 'club')));

    expect(text).toContain('"/collections/club/photos/*"');
    expect(text).not.toContain('"/photos/*"');
  });

  it.each(['*', 'a/people', 'club?', ''])('%j is no collection to grant', (collection) => {
    expect(() => grant((recognition, role) => recognition.grantUpload(role, collection))).toThrow(ConfigError);
  });

  it.each([
    ['grantRecognise', 'POST/v1/verify', 'DELETE'],
    ['grantRead', 'GET/v1/people', 'POST'],
    ['grantChange', 'POST/v1/uploads', 'GET'],
    ['grantForget', 'DELETE/v1/people/*', 'GET'],
  ] as const)('%s: %s, and no %s', (name, allowed, other) => {
    const text = JSON.stringify(grant((recognition, role) => recognition[name](role)));

    expect(text).toContain(`/$default/${allowed}`);
    expect(text).not.toContain(`/$default/${other}`);
    expect(text).toContain('execute-api:Invoke');
  });

  it('onEvent: sends the events of the types to the target', () => {
    const stack = stackFor();
    new FaceRecognition(stack, 'Recognition').onEvent(
      'Rejected',
      new SqsQueue(new Queue(stack, 'Queue')),
      'Image Rejected',
    );

    Templates.fromStack(stack).hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: Match.stringLikeRegexp('RecognitionBus') },
      EventPattern: { source: [eventSource], 'detail-type': ['Image Rejected'] },
    });
  });
});

describe('what is there already', () => {
  it('a bucket of this app speaks to EventBridge, and a rule brings its changes to the queue', () => {
    const bucketOf = (stack: ConstructorParameters<typeof Bucket>[0]) => new Bucket(stack, 'Mine') as IBucket;
    const result = synthesise((stack) => ({ bucket: bucketOf(stack) }));

    result.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    });
    result.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        detail: {
          bucket: { name: [{ Ref: Match.stringLikeRegexp('Mine') }] },
          object: { key: [{ prefix: 'people/' }, { prefix: 'photos/' }, { prefix: 'collections/' }] },
        },
      },
      Targets: [{ Arn: queueArn('Images'), Id: 'Images' }],
    });
  });

  it('a bus gets the events instead of a new one', () => {
    const result = synthesise((stack) => ({ bus: EventBus.fromEventBusName(stack, 'Mine', 'mine') }));

    expect(resourcesOf(result, 'AWS::Events::EventBus')).toEqual([]);
    expect(JSON.stringify(resourcesOf(result, 'AWS::Lambda::Function'))).toContain(`"${variable.bus}":"mine"`);
  });
});

describe('the key', () => {
  it('opens itself to S3, EventBridge and the logs, of this account', () => {
    const [, { Properties }] = resourcesOf(template, 'AWS::KMS::Key')[0]!;

    expect(Properties.EnableKeyRotation).toBe(true);
    expect(Properties.KeyPolicy.Statement).toContainEqual(
      expect.objectContaining({
        Principal: { Service: ['s3.amazonaws.com', 'events.amazonaws.com'] },
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      }),
    );
  });

  it('that was imported cannot be opened from here: the synthesis says what has to stand in its policy', () => {
    const stack = stackFor();
    const arn = 'arn:aws:kms:eu-west-1:123456789012:key/12345678-1234-1234-1234-123456789012';
    new FaceRecognition(stack, 'Recognition', { encryptionKey: Key.fromKeyArn(stack, 'Mine', arn) });

    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('s3.amazonaws.com.*kms:GenerateDataKey'));
    expect(JSON.stringify(resourcesOf(Templates.fromStack(stack), 'AWS::SQS::Queue'))).toContain(arn);
  });

  it('serves the functions only by way of the services that keep data under it', () => {
    const policies = resourcesOf(template, 'AWS::IAM::Policy').map(
      ([, { Properties }]) => Properties.PolicyDocument.Statement,
    );

    for (const statements of policies) {
      const [statement] = statements.filter(({ Action }: { Action: string[] }) => Action.includes('kms:Decrypt'));
      expect(JSON.stringify(statement.Condition.StringEquals['kms:ViaService'])).toMatch(/dynamodb.*s3.*sqs/);
    }
  });
});

describe('operations', () => {
  it('the dashboard asks for metrics by the names and the dimension that the functions give them', () => {
    const text = JSON.stringify(resourcesOf(template, 'AWS::CloudWatch::Dashboard'));
    const [, { Properties }] = resourcesOf(template, 'AWS::Lambda::Function')[0]!;
    const namespace = Properties.Environment.Variables[variable.metricsNamespace];

    for (const metric of Object.keys(metrics)) expect(text).toContain(`${namespace}\\",\\"${metric}\\",\\"service`);
  });

  it('every alarm tells the topic, says what to do, and is quiet while nothing runs', () => {
    const operations = readFileSync('docs/operations.md', 'utf8');
    const arn = 'arn:aws:sns:eu-west-1:123456789012:mine';
    const alarms = resourcesOf(
      synthesise((stack) => ({ alarmTopic: Topic.fromTopicArn(stack, 'Topic', arn) })),
      'AWS::CloudWatch::Alarm',
    );

    expect(alarms.map(([path]) => path.split('/')[1])).toEqual([
      ...['ImagesDeadLetters', 'ImagesAge', 'FacesDeadLetters', 'FacesAge', 'TagsDeadLetters', 'TagsAge'],
      ...['DetectErrors', 'EmbedErrors', 'TagErrors', 'MatchErrors', 'ApiFailures'],
    ]);
    for (const [path, { Properties }] of alarms) {
      expect(Properties).toMatchObject({ AlarmActions: [arn], TreatMissingData: 'notBreaching' });
      expect(Properties.AlarmDescription).toContain('docs/operations.md');
      expect(operations).toContain(`\`${path.split('/')[1]}\``);
    }
  });

  it('one dashboard shows what comes in, goes out, waits, fails, and costs', () => {
    const text = JSON.stringify(resourcesOf(template, 'AWS::CloudWatch::Dashboard'));

    for (const title of [
      'Photos in',
      'Faces out',
      'Age of the oldest message',
      'Dead letters',
      'Errors',
      'Latency',
      'Cost of a thousand photos',
    ]) {
      expect(text).toContain(title);
    }
  });
});

it('construct ids are a contract: whoever changes one replaces what he has', () => {
  const kept = [
    'Key',
    'Photos/Bucket',
    'Table',
    'Bus',
    'Images/Queue',
    'Images/DeadLetters',
    'Faces/Queue',
    'Faces/DeadLetters',
    'Tags/Queue',
    'Tags/DeadLetters',
    'Api/Api',
  ];
  const paths = resourcesOf(template).map(([path]) => path);

  expect(paths).toEqual(expect.arrayContaining(kept.map((id) => `${id}/Resource`)));
});
