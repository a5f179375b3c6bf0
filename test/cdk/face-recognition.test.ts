import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { resourcesOf, synthesise } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

let template: Template;
beforeAll(() => {
  template = synthesise();
});

describe('the way of a photo', () => {
  it('begins with the bucket telling the images queue of every change, by a plain property', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: {
        QueueConfigurations: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:LifecycleExpiration:*'].map((Event) => ({
          Event,
          Queue: arnOf('Images'),
        })),
      },
    });
    expect(resourcesOf(template).filter(([, { Type }]) => /Custom|CloudFormation/.test(Type))).toEqual([]);
  });

  it.each([
    ['Images', 'Detect', 1, 0],
    ['Faces', 'Embed', 32, 1],
    ['Tags', 'Tag', 10, 0],
  ])(
    'goes from the queue %s to %s in batches of %i, of which only what failed comes again',
    (queue, name, BatchSize, window) => {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: arnOf(queue),
        FunctionName: { Ref: Match.stringLikeRegexp(`Functions${name}Function`) },
        BatchSize,
        MaximumBatchingWindowInSeconds: window,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: Match.anyValue() },
      });
    },
  );
});

function arnOf(queue: string) {
  return { 'Fn::GetAtt': [Match.stringLikeRegexp(`^Recognition${queue}Queue`), 'Arn'] };
}
