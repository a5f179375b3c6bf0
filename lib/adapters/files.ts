import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';

/** Whether a call failed with one of these codes of the operating system. */
export function failedWith(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** The text of a file; undefined when there is none. */
export function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(absent);
}

/** What is at a path; undefined when nothing is. */
export function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch(absent);
}

function absent(error: unknown): undefined {
  if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
}
