import { Logger } from '@aws-lambda-powertools/logger';
import { FacenetError, RequestError } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';

/** A log of JSON lines, each with the name of the function that speaks. Level and format follow Powertools' own variables (`POWERTOOLS_LOG_LEVEL`). */
export function createLog(serviceName: string): Log {
  const logger = new Logger({ serviceName });
  return {
    info: (message, details = {}) => logger.info(message, { ...details }),
    warn: (message, details = {}) => logger.warn(message, { ...details }),
    error: (message, details, error) => logger.error(message, { ...details, error: describe(error) }),
  };
}

/**
 * What a log line tells of an error, its causes included. The message of a RequestError repeats what the caller sent, which can be somebody's name, and so can
 * those of its causes: that S3 denies an object is told with its key. They stay out.
 */
function describe(error: unknown, ofRequest = false): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack = '', cause } = error;
  const isOfRequest = ofRequest || error instanceof RequestError;
  return {
    name,
    ...(error instanceof FacenetError && { code: error.code }),
    ...(!isOfRequest && { message }),
    stack: stack.split('\n').filter((line) => line.startsWith('    at ')),
    ...(cause !== undefined && { cause: describe(cause, isOfRequest) }),
  };
}
