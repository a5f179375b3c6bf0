import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { statIfThere } from '../lib/adapters/files.ts';
import { RequestError } from '../lib/core/errors.ts';

/**
 * Expects a folder for a file that a command is to write when it is through, before minutes of work are lost on a path that cannot be.
 * @throws RequestError INVALID_REQUEST when there is none
 */
export async function expectFolderOf(file: string): Promise<void> {
  const folder = dirname(file);
  if ((await statIfThere(folder))?.isDirectory()) return;
  throw new RequestError('INVALID_REQUEST', `Expected a folder ${folder} to write ${file} into, found none. Make it.`);
}

/**
 * Writes a file that was asked for on the command line.
 * @throws RequestError INVALID_REQUEST when it cannot be written
 */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await writeFile(file, content);
  } catch (cause) {
    throw new RequestError('INVALID_REQUEST', `Expected to write ${file}, could not. Check the path.`, { cause });
  }
}
