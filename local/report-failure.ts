import { ServiceException } from '@smithy/core/client';
import { ProviderError } from '@smithy/core/config';
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
    console.error(`${error.code}: ${reasonsOf(error).join('\n  because: ')}`);
    process.exitCode = error.retryable ? exitCode.failed : exitCode.wrong;
    return;
  }
  if (error instanceof CommanderError) {
    // It has told by itself what is wrong with the call, or the help that was asked for.
    if (error.exitCode !== 0) process.exitCode = exitCode.wrong;
    return;
  }
  if (error instanceof Error && isOfOthers(error)) {
    const name = error instanceof ServiceException ? error.name : 'FAILED';
    console.error(`${name}: ${reasonsOf(error).join('\n  because: ')}`);
  } else {
    console.error(error);
  }
  process.exitCode = exitCode.failed;
}

/** What an error says, and then what those say that caused it. */
export function reasonsOf(error: Error): string[] {
  return [error.message, ...(error.cause instanceof Error ? reasonsOf(error.cause) : [])];
}

/**
 * Whether something around this program refused: the operating system or a database on its disk (a full disk, a folder without rights), a service of AWS, or the
 * search for credentials. No stack of this program explains that.
 */
function isOfOthers(error: Error): boolean {
  const { code, errno, cause } = error as NodeJS.ErrnoException;
  if (error instanceof ServiceException || error instanceof ProviderError) return true;
  return errno !== undefined || code?.startsWith('LEVEL_') || (cause instanceof Error && isOfOthers(cause));
}
