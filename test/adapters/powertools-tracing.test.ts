import { afterEach, expect, it, vi } from 'vitest';
import { createSqsClient } from '../../lib/adapters/aws-clients.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('leaves a client as it is where tracing is off', async () => {
  const client = createSqsClient();
  const before = client.middlewareStack.identify();

  const traced = await openTracing({ tracing: false });

  expect(traced(client)).toBe(client);
  expect(client.middlewareStack.identify()).toEqual(before);
});

it('follows the calls of a client in Lambda', async () => {
  vi.stubEnv('AWS_EXECUTION_ENV', 'AWS_Lambda_nodejs22.x');
  vi.stubEnv('LAMBDA_TASK_ROOT', '/var/task');
  vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1');

  const traced = await openTracing({ tracing: true });

  expect(traced(createSqsClient()).middlewareStack.identify().join()).toContain('XRay');
});
