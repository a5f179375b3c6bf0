import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAnsweredRequests } from '../../lib/adapters/powertools-idempotency.ts';
import { UnavailableError } from '../../lib/core/errors.ts';
import { until } from '../until.ts';
import { startDynalite, table } from './dynalite.ts';

const answer = { status: 201, headers: { etag: '"1"' }, body: '{"person":"alice"}' };
const lambda = { getRemainingTimeInMillis: () => 29_000 };
const call = { key: '8f14e45f', request: 'POST /v1/people {"person":"alice"}', lambda };

async function prepare() {
  const client = await startDynalite();
  return { client, answered: createAnsweredRequests({ client, table }) };
}

afterEach(() => vi.useRealTimers());

describe('a write that comes twice under one key', () => {
  test('is done once, and answered the same', async () => {
    const { answered } = await prepare();
    const work = vi.fn(async () => answer);

    const first = await answered.once(call, work);
    const second = await answered.once(call, work);

    expect(work).toHaveBeenCalledOnce();
    expect(first).toEqual({ answer, isNew: true });
    expect(second).toEqual({ answer, isNew: false });
  });

  test('and is another request is refused', async () => {
    const { answered } = await prepare();
    await answered.once(call, async () => answer);

    const other = answered.once({ ...call, request: 'POST /v1/people {"person":"bob"}' }, async () => answer);

    await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_MISMATCH' });
  });

  test('while the first is under way is a conflict', async () => {
    const { answered } = await prepare();
    let second: Promise<unknown> = Promise.resolve();
    await answered.once(call, async () => {
      second = answered.once(call, async () => answer).catch((error: unknown) => error);
      await second;
      return answer;
    });
    expect(await second).toMatchObject({ code: 'CONFLICT', retryable: true });
  });

  test('is done again when the first failed', async () => {
    const { answered } = await prepare();
    const failure = new UnavailableError('the bucket is away');

    await expect(answered.once(call, async () => Promise.reject(failure))).rejects.toBe(failure);

    expect(await answered.once(call, async () => answer)).toEqual({ answer, isNew: true });
  });

  test('is done again when the first died with its function', async () => {
    const { answered } = await prepare();
    void answered.once({ ...call, lambda: { getRemainingTimeInMillis: () => 50 } }, () => new Promise(() => {}));
    await until(async () => expect(await answered.once(call, async () => answer)).toEqual({ answer, isNew: true }));
  });
});

describe('what is kept', () => {
  test('is the answer and two hashes, which the table forgets after an hour', async () => {
    const { client, answered } = await prepare();
    await answered.once(call, async () => answer);

    const { Items = [] } = await client.send(new ScanCommand({ TableName: table }));

    const [item] = Items.map((each) => unmarshall(each));
    expect(Items).toHaveLength(1);
    expect(item).toMatchObject({ pk: 'answered', sk: expect.any(String), status: 'COMPLETED', data: answer });
    expect(Math.abs(item!.expiresAt - Date.now() / 1000 - 3600)).toBeLessThan(60);
    expect(JSON.stringify(item)).not.toContain(call.key);
  });

  test('is not answered any more after that hour, whether or not the table has forgotten it', async () => {
    const { answered } = await prepare();
    await answered.once(call, async () => answer);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3601 * 1000 });

    expect(await answered.once(call, async () => answer)).toMatchObject({ isNew: true });
  });
});

test('a table that is away is unavailable', async () => {
  const { client, answered } = await prepare();
  const away = new UnavailableError('the table is away');
  client.middlewareStack.add(() => async () => Promise.reject(away), { step: 'initialize', name: 'away' });

  await expect(answered.once(call, async () => answer)).rejects.toBe(away);

  client.middlewareStack.remove('away');
});
