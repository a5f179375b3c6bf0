import { getPriority } from 'node:os';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type FunctionDefinition, FunctionFailedError, LocalFunction } from '../../../local/lambda/local-function.ts';
import { until } from '../../until.ts';
import type { Wish } from './handlers.ts';

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

let output = '';
let opened: LocalFunction[] = [];
afterEach(async () => {
  await Promise.all(opened.map((one) => one.close()));
  opened = [];
  output = '';
});

const defaults = {
  name: 'wishes',
  module: resolve('test/local/lambda/handlers.ts'),
  timeoutSeconds: 60,
  concurrency: 1,
  environment: process.env,
};

// biome-ignore lint/suspicious/noExplicitAny: what the handler answers to each wish is looked at by the tests
type Wishes = { invoke: (wish: Wish) => Promise<any> } & LocalFunction;

function open(definition: FunctionDefinition = defaults): Wishes {
  const local = new LocalFunction(definition, (text) => {
    output += text;
  });
  opened.push(local);
  return local;
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a function in processes of its own', () => {
  it('stands back behind others where it is told to', async () => {
    const own = getPriority();

    expect(getPriority((await open().invoke('process')).pid)).toBe(own);
    expect(getPriority((await open({ ...defaults, priority: own + 5 }).invoke('process')).pid)).toBe(own + 5);
  });

  it('runs the handler with an event and the context of Lambda, in one process that it keeps, and collects what it prints', async () => {
    const local = open();

    const { awsRequestId, functionName, remaining, sinceStart } = await local.invoke('context');
    expect({ functionName }).toEqual({ functionName: 'wishes' });
    expect(awsRequestId).toMatch(uuid);
    expect(remaining).toBeGreaterThan(0);
    expect(remaining).toBeLessThanOrEqual(60_000);
    // The time for the event begins when the module is there, however long it took to come.
    expect(remaining + sinceStart).toBeGreaterThanOrEqual(60_000);

    const again = await local.invoke('context');
    expect(again.awsRequestId).not.toBe(awsRequestId);
    expect(await local.invoke('process')).toEqual(await local.invoke('process'));
    expect(await local.invoke('nothing')).toBeUndefined();
    expect(await local.invoke('print')).toBeUndefined();
    await until(() => expect(output.split('\n').sort()).toEqual(['', 'to stderr', 'to stdout']));
  });

  it('hands over the environment that it was given, and nothing else', async () => {
    const local = open({ ...defaults, environment: { GIVEN: 'this' } });
    expect(await local.invoke('environment')).toEqual({ given: 'this' });
  });

  it('tells what the handler threw, and goes on in the same process', async () => {
    const local = open();
    const before = await local.invoke('process');

    const failure = await local.invoke('throw').catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(FunctionFailedError);
    expect(failure).toMatchObject({ message: 'wishes: RangeError: too far' });
    await expect(local.invoke('throwText')).rejects.toThrow('wishes: Error: only a text');

    expect(await local.invoke('process')).toEqual(before);
    await until(() => expect(output).toContain('RangeError: too far\n    at '));
  });

  it('gives a new process to the event after one in which the process ended, or behind whose answer', async () => {
    const local = open();
    const before = await local.invoke('process');

    await expect(local.invoke('die')).rejects.toThrow(new FunctionFailedError('wishes: exit code 7'));
    expect(output).toBe('last words\n');

    const after = await local.invoke('process');
    expect(after).not.toEqual(before);

    await local.invoke('dieLater');
    await until(() => expect(isAlive(after.pid)).toBe(false));
    await until(async () => expect((await local.invoke('process')).pid).not.toBe(after.pid));
  });

  it('ends a process that takes too long, also one that never yields', async () => {
    const ends = (['hang', 'spin'] as const).map(async (wish) => {
      const limits = { ...defaults };
      const local = open(limits);
      const { pid } = await local.invoke('process');
      limits.timeoutSeconds = 1;
      await expect(local.invoke(wish)).rejects.toThrow(new FunctionFailedError('wishes: timed out after 1 s'));
      await until(() => expect(isAlive(pid)).toBe(false));
      limits.timeoutSeconds = 60;
      expect((await local.invoke('process')).pid).not.toBe(pid);
    });
    await Promise.all(ends);
  });

  it('says when there is no handler to run', async () => {
    const broken = open({ ...defaults, module: resolve('test/local/lambda/broken-module.ts') });
    await expect(broken.invoke('process')).rejects.toThrow('wishes: Error: this module cannot be loaded');
    const missing = open({ ...defaults, module: resolve('test/local/lambda/missing-module.ts') });
    await expect(missing.invoke('process')).rejects.toThrow(/missing-module/);
  });

  it('handles as many events at a time as it may, each in a process of its own', async () => {
    const local = open({ ...defaults, concurrency: 2 });

    const dozes: { from: number; to: number; pid: number }[] = await Promise.all(
      Array.from({ length: 5 }, () => local.invoke('doze')),
    );

    expect(new Set(dozes.map(({ pid }) => pid)).size).toBe(2);
    for (const { from } of dozes) {
      expect(dozes.filter((other) => other.from <= from && from < other.to).length).toBeLessThanOrEqual(2);
    }
    for (const { pid, from, to } of dozes) {
      expect(dozes.filter((other) => other.pid === pid && other.from < to && from < other.to)).toHaveLength(1);
    }
  });

  it('ends all processes when it is closed, and lets nobody wait', async () => {
    const local = open();
    const { pid } = await local.invoke('process');
    const underWay = local.invoke('hang').catch((error: unknown) => error);
    const waiting = local.invoke('process').catch((error: unknown) => error);

    await local.close();

    expect(isAlive(pid)).toBe(false);
    expect(await underWay).toBeInstanceOf(FunctionFailedError);
    expect(await waiting).toBeInstanceOf(FunctionFailedError);
    await expect(local.invoke('process')).rejects.toThrow('wishes was stopped.');
  });
});
