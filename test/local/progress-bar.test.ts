import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';

it.each(['SIGINT', 'SIGTERM'] as const)('gives the terminal its cursor and its wrapping back at %s', async (signal) => {
  const child = spawn(process.execPath, ['--import', 'tsx', `${import.meta.dirname}/progress-bar-child.ts`]);
  const ended = once(child, 'exit');
  let shown = '';
  for await (const text of child.stderr.setEncoding('utf8')) {
    shown += text;
    if (!child.killed && shown.includes('photos')) child.kill(signal);
  }
  expect(await ended).toEqual([null, signal]);
  const [hidden, unwrapped] = ['\u001b[?25l', '\u001b[?7l'];
  expect(shown).toContain(hidden);
  expect(shown).toContain(unwrapped);
  expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf(hidden));
  expect(shown.lastIndexOf('\u001b[?7h')).toBeGreaterThan(shown.lastIndexOf(unwrapped));
});
