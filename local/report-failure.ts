import { CommanderError } from 'commander';
import { FacenetError } from '../lib/core/errors.ts';

/** Exit codes of the command line: scripts can tell what they did wrong from what went wrong. */
export const exitCode = {
  /** The answer is no: not the same person, nobody known, a check that was not met. */
  no: 1,
  /** The call, a file or a setting is wrong; trying again will not help. */
  wrong: 2,
  /** Something did not answer or broke; trying again can help. */
  failed: 3,
} as const;

/** Tells on stderr why a command failed, without a stack where the message says it all, and sets the exit code. */
export function reportFailure(error: unknown): void {
  if (error instanceof FacenetError) {
    console.error(`${error.code}: ${error.message}`);
    if (error.cause instanceof Error) console.error(`  because: ${error.cause.message}`);
    process.exitCode = error.retryable ? exitCode.failed : exitCode.wrong;
    return;
  }
  if (error instanceof CommanderError) {
    // It has told by itself what is wrong with the call, or the help that was asked for.
    if (error.exitCode !== 0) process.exitCode = exitCode.wrong;
    return;
  }
  console.error(error);
  process.exitCode = exitCode.failed;
}
