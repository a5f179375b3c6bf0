import { afterEach, expect, test } from 'vitest';
import { PoolingMemory } from '../../lib/vision/pooling-memory.ts';

const megabyte = 1024 * 1024;
const taken: PoolingMemory[] = [];

afterEach(() => {
  for (const memory of taken.splice(0)) memory.release();
});

function take(): PoolingMemory {
  const memory = PoolingMemory.take();
  taken.push(memory);
  return memory;
}

test('what is reserved does not overlap, lies on boundaries of 16 bytes, and can be given back', () => {
  const memory = take();
  const first = memory.reserve(3);
  const second = memory.reserve(2 * megabyte);
  const third = memory.reserve(16);
  memory.bytes(first, 3).fill(1);
  memory.floats(second, megabyte / 2).fill(2);
  memory.bytes(third, 16).fill(3);

  expect([first % 16, second % 16, third % 16]).toEqual([0, 0, 0]);
  expect([...memory.bytes(first, 3)]).toEqual([1, 1, 1]);
  expect(new Set(memory.floats(second, megabyte / 2))).toEqual(new Set([2]));
  memory.giveBack(second);
  expect(memory.reserve(1)).toBe(second);
});

test('memory that was released serves the next, and nobody else has it meanwhile', () => {
  const memory = take();
  const other = take();
  expect(other).not.toBe(memory);
  taken.splice(0);
  memory.release();

  const next = take();

  expect(next).toBe(memory);
  expect(next.reserve(1)).toBe(0);
});

test('a large memory is not held', () => {
  const memory = PoolingMemory.take();
  memory.reserve(65 * megabyte);
  memory.release();

  expect(take()).not.toBe(memory);
});
