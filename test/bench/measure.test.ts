import { expect, test } from 'vitest';
import { compare, sunk } from '../../bench/measure.ts';

test('contestants take turns after a warm-up each, in an order that is the same in every run', async () => {
  const runs = async () => {
    const order: string[] = [];
    const contestants = ['ours', 'rival', 'other'].map((name) => ({ name, run: () => order.push(name) }));
    return { comparison: await compare('a task', contestants, { rounds: 5 }), order };
  };

  const { comparison, order } = await runs();

  expect(comparison.timings.map(({ name }) => name)).toEqual(['ours', 'rival', 'other']);
  expect(order.slice(0, 3)).toEqual(['ours', 'rival', 'other']);
  for (let at = 3; at < order.length; at += 3) {
    expect(order.slice(at, at + 3).toSorted()).toEqual(['other', 'ours', 'rival']);
  }
  expect(order).toHaveLength(18);
  expect((await runs()).order).toEqual(order);
});

test('times are the median, the least and the most of the rounds, and every answer is used', async () => {
  const before = sunk();
  const pauses = [0, 30, 1, 60];
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, pauses.shift()));
    return 2;
  };

  const { timings } = await compare('waiting', [{ name: 'one', run, remark: 'slow' }], { rounds: 3 });

  expect(timings[0]).toMatchObject({ name: 'one', remark: 'slow' });
  expect(timings[0]!.most).toBeGreaterThanOrEqual(59);
  expect(timings[0]!.median).toBeGreaterThanOrEqual(29);
  expect(timings[0]!.least).toBeLessThan(timings[0]!.median);
  expect(sunk() - before).toBe(8);
});
