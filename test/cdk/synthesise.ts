import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { vi } from 'vitest';
import { FaceRecognition } from '../../cdk/face-recognition.ts';
import type { FaceRecognitionProps } from '../../cdk/face-recognition-props.ts';

/** Nothing of this changes a template, but for the paths in it. */
const quick = {
  'aws:cdk:disable-asset-staging': true,
  'aws:cdk:disable-stack-trace': true,
  'aws:cdk:enable-path-metadata': true,
};
/** CDK's own rules look at each template for a second; nag.test.ts and cfn-lint.test.ts let others do so. */
vi.stubEnv('CDK_VALIDATION', 'false');

/** A stack of an app in which assets are not copied: its templates are the same. */
export function stackFor(env?: { readonly account: string; readonly region: string }): Stack {
  const app = new App({ analyticsReporting: false, context: quick });
  return new Stack(app, 'Test', env && { env });
}

/** The template of a stack with one FaceRecognition; props are made for its stack, or given. */
export function synthesise(props: FaceRecognitionProps | ((stack: Stack) => FaceRecognitionProps) = {}): Template {
  const stack = stackFor();
  new FaceRecognition(stack, 'Recognition', typeof props === 'function' ? props(stack) : props);
  return Template.fromStack(stack);
}

export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties are whatever CloudFormation takes.
  readonly Properties: any;
  readonly DeletionPolicy?: string;
}

/** The resources of a type, by their path in the construct tree below the FaceRecognition. */
export function resourcesOf(template: Template, type?: string): [path: string, resource: Resource][] {
  return Object.values(template.toJSON().Resources as Record<string, Resource & { Metadata?: Record<string, string> }>)
    .filter((resource) => type === undefined || resource.Type === type)
    .map((resource) => [resource.Metadata?.['aws:cdk:path']?.replace(/^Test\/(Recognition\/)?/, '') ?? '', resource]);
}
