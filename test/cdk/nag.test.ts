import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import { describe, expect, it, vi } from 'vitest';
import { ApiAuth } from '../../cdk/api-auth.ts';
import { FaceRecognition } from '../../cdk/face-recognition.ts';
import type { FaceRecognitionProps } from '../../cdk/face-recognition-props.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

/** What the packs find that is not acknowledged beside the code. */
function findings(props: (stack: Stack) => FaceRecognitionProps): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'facenet-nag-'));
  const app = new App({ analyticsReporting: false, outdir, context: { 'aws:cdk:disable-asset-staging': true } });
  const stack = new Stack(app, 'Test');
  new FaceRecognition(stack, 'Recognition', props(stack));
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app), new HIPAASecurityChecks(app));
  try {
    app.synth();
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ValidationFailed') throw error;
  }
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  return report.pluginReports.flatMap(({ violations }) =>
    violations.flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    ),
  );
}

interface Report {
  readonly pluginReports: readonly {
    readonly pluginName: string;
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

describe('cdk-nag (AwsSolutions, NIST 800-53 rev 5, HIPAA)', () => {
  it('finds nothing in the default stack that is not acknowledged', () => {
    expect(findings(() => ({}))).toEqual([]);
  });

  it('finds nothing in a stack with access keys and a bucket that is there already', () => {
    const apiAuth = ApiAuth.accessKeys();

    expect(findings((stack) => ({ apiAuth, bucket: Bucket.fromBucketName(stack, 'Mine', 'mine') }))).toEqual([]);
  });

  it('finds what is not safe', () => {
    expect(findings((stack) => ({ bucket: new Bucket(stack, 'Careless') as IBucket }))).toEqual(
      expect.arrayContaining([
        'AwsSolutions-S10 at Test/Careless/Resource',
        'NIST.800.53.R5-S3BucketSSLRequestsOnly at Test/Careless/Resource',
        'HIPAA.Security-S3BucketSSLRequestsOnly at Test/Careless/Resource',
      ]),
    );
  });
});
