import { isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { UnavailableError } from '../core/errors.ts';

type SdkError = Parameters<typeof isTransientError>[0];

/**
 * Turns a failure of the AWS SDK that time can mend (throttled, timed out, unreachable, the service's own fault) into an UnavailableError, by the SDK's
 * classification of its own failures. Any other error is answered as it is.
 */
export function unavailableOr(service: string, error: unknown): unknown {
  if (!isMendedByTime(error)) return error;
  return new UnavailableError(
    `Expected an answer of ${service}, received ${error.name}, also when asked again. Try again later; when it stays, look at the service's health and quotas.`,
    { cause: error },
  );
}

function isMendedByTime(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const failure = error as SdkError;
  return isThrottlingError(failure) || isTransientError(failure) || isServerError(failure);
}

/** Whether a failure is the service's exception of one of these names. The SDK has no classes for some that the services do answer. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}
