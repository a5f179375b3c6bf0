import { join, relative } from 'node:path';
import { whereNpmWasCalled } from '../lib/config.ts';

/** The clone, when this runs out of one. */
const root = join(import.meta.dirname, '..');

/** npm goes to the clone before it runs a script of it; a person's paths begin where npm was called. */
const caller = process.cwd() === root ? whereNpmWasCalled(root) : undefined;

/** Goes back to where npm was called, so that paths on the command line begin there; without npm it is there already. */
export function goToCaller(): void {
  if (caller !== undefined) process.chdir(caller);
}

/** The folder that commands use when none is named: the clone's, wherever npm was called, else that of the working folder. */
export function defaultData(): string {
  return join(caller === undefined ? '' : relative(caller, root), '.facenet');
}
