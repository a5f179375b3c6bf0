import { describe, expect, it } from 'vitest';
import { adoptDefaultRegion, modelsFolder, readCallersConfig, readVisionConfig, variable } from '../lib/config.ts';
import { ConfigError } from '../lib/core/errors.ts';
import { defaultDetectionSettings } from '../lib/vision/mtcnn.ts';
import { defaultFalseMatchRate } from '../lib/vision/similarity.ts';

describe('threads of a model session', () => {
  it.each([
    ['128', 1],
    ['1769', 1],
    ['2048', 1],
    ['3008', 2],
    ['3538', 2],
    ['10240', 6],
  ])('with %s MB of a Lambda function are %i', (megabytes, threads) => {
    expect(readVisionConfig({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: megabytes }).threads).toBe(threads);
  });

  it('are what the variable says, where it says something', () => {
    expect(readVisionConfig({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538', FACENET_THREADS: '4' }).threads).toBe(4);
  });

  it('are two outside Lambda', () => {
    expect(readVisionConfig({}).threads).toBe(2);
  });
});

it('a Lambda function looks for its models in the layer', () => {
  expect(modelsFolder({ LAMBDA_TASK_ROOT: '/var/task' })).toBe('/opt/models');
});

describe('the false match rate', () => {
  it('is the default of the vision where nothing is set, and is read from the environment', () => {
    expect(readVisionConfig({}).falseMatchRate).toBe(defaultFalseMatchRate);
    expect(readVisionConfig({ [variable.falseMatchRate]: '1e-5' }).falseMatchRate).toBe(1e-5);
  });

  it.each(['0', '0.5', 'low'])('is refused as %s', (value) => {
    expect(() => readVisionConfig({ [variable.falseMatchRate]: value })).toThrow(variable.falseMatchRate);
  });
});

describe('the settings of the detector', () => {
  it('are the defaults of the vision where nothing is set', () => {
    expect(readVisionConfig({})).toMatchObject(defaultDetectionSettings);
  });

  it('are read from the environment', () => {
    const environment = {
      [variable.minFace]: '40',
      [variable.minFacePart]: '0.05',
      [variable.thresholds]: '0.5, 0.6,0.9',
      [variable.factor]: '0.8',
      [variable.maxFaces]: '3',
      [variable.secondLook]: 'false',
    };

    expect(readVisionConfig(environment)).toMatchObject({
      minFace: 40,
      minFacePart: 0.05,
      thresholds: [0.5, 0.6, 0.9],
      factor: 0.8,
      maxFaces: 3,
      secondLook: false,
    });
  });

  it.each([
    [variable.minFace, '8'],
    [variable.minFacePart, '2'],
    [variable.thresholds, '0.6,0.7'],
    [variable.thresholds, '0.6,0.7,high'],
    [variable.factor, '1'],
    [variable.maxFaces, '0'],
    [variable.secondLook, 'perhaps'],
  ] as const)('%s is refused as %s', (name, value) => {
    expect(() => readVisionConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readVisionConfig({ [name]: value })).toThrow(name);
  });
});

describe('who may call the API', () => {
  const { callers, keyFile, keySecret } = variable;

  it.each([
    [{ [callers]: 'open' }, { callers: ['open'] }],
    [{ [callers]: 'gateway', LAMBDA_TASK_ROOT: '/var/task' }, { callers: ['gateway'] }],
    [
      { [callers]: 'access-keys', [keyFile]: 'keys.json' },
      { callers: ['access-keys'], keyFile: 'keys.json' },
    ],
    [
      { [callers]: 'gateway,access-keys', [keySecret]: 'arn' },
      { callers: ['gateway', 'access-keys'], keySecret: 'arn' },
    ],
  ])('is read from %j', (environment, config) => {
    expect(readCallersConfig(environment)).toEqual(config);
  });

  it.each<[string, Record<string, string>]>([
    ['nobody says it', {}],
    ['it is something else', { [callers]: 'everybody' }],
    ['there are no keys', { [callers]: 'access-keys' }],
    ['keys are in two places', { [callers]: 'access-keys', [keyFile]: 'a', [keySecret]: 'b' }],
    ['a Lambda function is to be open', { [callers]: 'open', LAMBDA_TASK_ROOT: '/var/task' }],
    ['a Lambda function is to be open among others', { [callers]: 'gateway,open', LAMBDA_TASK_ROOT: '/var/task' }],
  ])('is refused when %s', (_, environment) => {
    expect(() => readCallersConfig(environment)).toThrow(ConfigError);
  });
});

it('finds the region where boto3 finds it, and lets the SDK’s own variable win', () => {
  const boto3 = { AWS_DEFAULT_REGION: 'eu-west-1' };
  adoptDefaultRegion(boto3);
  expect(boto3).toMatchObject({ AWS_REGION: 'eu-west-1' });
  const both = { AWS_DEFAULT_REGION: 'eu-west-1', AWS_REGION: 'us-east-1' };
  adoptDefaultRegion(both);
  expect(both.AWS_REGION).toBe('us-east-1');
  const none = {};
  adoptDefaultRegion(none);
  expect(none).toEqual({});
});
