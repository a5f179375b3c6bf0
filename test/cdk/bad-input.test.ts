import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it, vi } from 'vitest';
import { ApiAuth } from '../../cdk/api-auth.ts';
import { FaceRecognition } from '../../cdk/face-recognition.ts';
import type { FaceRecognitionProps } from '../../cdk/face-recognition-props.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { stackFor } from './synthesise.ts';

vi.mock('../../cdk/function-assets.ts', () => import('./small-assets.ts'));

const ireland = { account: '123456789012', region: 'eu-west-1' };

/** What the construct says to props; nothing when it takes them. */
function complaintAbout(props: (stack: ReturnType<typeof stackFor>) => FaceRecognitionProps): unknown {
  const stack = stackFor(ireland);
  try {
    new FaceRecognition(stack, 'Recognition', props(stack));
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('at synthesis, with what came and what to do', () => {
  it.each<[string, (stack: ReturnType<typeof stackFor>) => FaceRecognitionProps, RegExp[]]>([
    ['an unknown embedder', () => ({ embedder: 'facenet' }), [/mobilefacenet/, /"facenet"/, /Name one/]],
    ['a false match rate that the embedder is not calibrated at', () => ({ falseMatchRate: 0.5 }), [/0\.001/, /0\.5/]],
    ['an unknown embedder beside it', () => ({ otherEmbedders: ['arcface'] }), [/"arcface"/]],
    ['a detector for an embedder', () => ({ embedder: 'mtcnn' }), [/"mtcnn"/]],
    [
      'an index of other dimensions',
      (stack) => existing(stack, 'embedding-mobilefacenet-ensemble', 512),
      [/208/, /512/, /embed the photos again/],
    ],
    [
      'an index of another model',
      (stack) => existing(stack, 'embedding-dlib-resnet', 128),
      [/embedding-mobilefacenet-ensemble/],
    ],
    [
      'a bucket in another region',
      (stack) => ({ bucket: Bucket.fromBucketAttributes(stack, 'Mine', { bucketName: 'mine', region: 'us-east-1' }) }),
      [/eu-west-1/, /us-east-1/, /Deploy this stack to us-east-1/],
    ],
    ['too little memory', () => ({ detectMemoryMiB: 128 }), [/detectMemoryMiB/, /512 to 10240/, /128/]],
    ['half a MiB', () => ({ embedMemoryMiB: 1000.5 }), [/whole number/, /1000.5/]],
    ['a concurrency that Lambda does not take', () => ({ detectConcurrency: 1 }), [/from 2 to 1000/]],
    ['no day of retention', () => ({ photoRetentionDays: 0 }), [/photoRetentionDays/]],
    [
      'retention for a bucket of somebody else',
      (stack) => ({ bucket: Bucket.fromBucketName(stack, 'Mine', 'mine'), photoRetentionDays: 7 }),
      [/lifecycle rule/],
    ],
    [
      'an access log for a bucket of somebody else',
      (stack) => ({
        bucket: Bucket.fromBucketName(stack, 'Mine', 'mine'),
        accessLogsBucket: Bucket.fromBucketName(stack, 'Logs', 'logs'),
      }),
      [/accessLogsBucket/],
    ],
    [
      'further indexes for a table of somebody else',
      (stack) => ({ ...existing(stack, 'embedding-mobilefacenet-ensemble', 208), otherEmbedders: ['dlib-resnet'] }),
      [/otherEmbedders/],
    ],
  ])('%s', (_, props, words) => {
    const complaint = complaintAbout(props);

    expect(complaint).toBeInstanceOf(ConfigError);
    for (const word of words) expect((complaint as Error).message).toMatch(word);
  });

  it('a bucket of the same region is taken', () => {
    const complaint = complaintAbout((stack) => ({
      bucket: Bucket.fromBucketAttributes(stack, 'Mine', { bucketName: 'mine', region: 'eu-west-1' }),
    }));

    expect(complaint).toBeUndefined();
  });

  it('a bucket that lives in a stack of another region', () => {
    const elsewhere = stackFor({ ...ireland, region: 'us-east-1' });
    const bucket = new Bucket(elsewhere, 'Mine', { bucketName: 'mine' }) as IBucket;

    expect(complaintAbout(() => ({ bucket }))).toBeInstanceOf(ConfigError);
  });

  it.each([
    [
      'tokens of an issuer without TLS',
      () => ApiAuth.jwt({ issuer: 'http://issuer.example', audience: ['me'] }),
      /https/,
    ],
    ['tokens for anybody', () => ApiAuth.jwt({ issuer: 'https://issuer.example', audience: [] }), /audience/],
  ])('%s', (_, auth, words) => {
    expect(auth).toThrow(ConfigError);
    expect(auth).toThrow(words);
  });

  it('a grant on an API that does not ask for AWS credentials', () => {
    const stack = stackFor();
    const apiAuth = ApiAuth.accessKeys();
    const recognition = new FaceRecognition(stack, 'Recognition', { apiAuth });

    expect(() => recognition.grantRecognise(recognition.functions.tag.function)).toThrow(
      /ApiAuth.iam\(\).*access-keys/,
    );
  });
});

function existing(
  stack: ReturnType<typeof stackFor>,
  vectorIndexName: string,
  vectorDimensions: number,
): FaceRecognitionProps {
  return { existingTable: { table: Table.fromTableName(stack, 'Table', 'mine'), vectorIndexName, vectorDimensions } };
}
