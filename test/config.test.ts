import { describe, expect, it } from 'vitest';
import { modelsFolder, readVisionConfig } from '../lib/config.ts';

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
