import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiCaller } from '../../local/api-caller.ts';
import { checkDeployment, type SmokeCheck, type SmokeTarget } from '../../local/smoke.ts';
import { RunningStack } from './running-stack.ts';

async function checksOf(target: SmokeTarget, timeoutSeconds = 300): Promise<SmokeCheck[]> {
  const checks: SmokeCheck[] = [];
  for await (const check of checkDeployment(target, timeoutSeconds)) checks.push(check);
  return checks;
}

describe('the check of a deployment', () => {
  let running: RunningStack;
  let call: SmokeTarget['call'];
  beforeAll(async () => {
    running = await RunningStack.start();
    call = createApiCaller({ api: running.stack.api, headers: {} });
  });
  afterAll(() => running.close());

  it('passes where everything works, and leaves nothing', async () => {
    const checks = await checksOf({ put: (key, bytes) => running.put(key, bytes), call });

    expect(checks.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(checks.map(({ name }) => name)).toContain('the person is verified');
    const { answer } = await running.ask('GET', '/v1/collections');
    expect(answer.collections).toEqual([expect.objectContaining({ collection: 'main' })]);
  });

  it('ends with what does not work: a bucket that nothing listens to', async () => {
    const checks = await checksOf({ put: async () => {}, call }, 1);

    expect(checks.at(-1)).toMatchObject({
      name: 'a photo enrols a person',
      problem: 'the last answer was 200 {"photos":[]}',
    });
  });

  it('ends with what does not work: a bus that says nothing', async () => {
    const put = (key: string, bytes: Uint8Array) => running.put(key, bytes);

    const checks = await checksOf({ put, call, event: async () => false });

    expect(checks.at(-1)).toMatchObject({ name: 'events tell of both', problem: 'no such event within 300 s' });
    await running.settle();
  });
});
