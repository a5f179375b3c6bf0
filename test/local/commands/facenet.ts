import { format } from 'node:util';
import { vi } from 'vitest';
import { createProgram } from '../../../local/program.ts';
import { reportFailure } from '../../../local/report-failure.ts';

/** What a script sees of a command. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line as local/cli.ts does, but in this process, which is much faster. One at a time. */
export async function facenet(...args: string[]): Promise<Outcome> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...values) => void stdout.push(`${format(...values)}\n`)),
    vi.spyOn(console, 'error').mockImplementation((...values) => void stderr.push(`${format(...values)}\n`)),
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => stdout.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => stderr.push(String(text)) > 0),
  ];
  try {
    await createProgram().parseAsync(args, { from: 'user' }).catch(reportFailure);
    return { code: Number(process.exitCode ?? 0), stdout: stdout.join(''), stderr: stderr.join('') };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}
