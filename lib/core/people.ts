import { RequestError } from './errors.ts';

/** That nobody of the name is known, and what to do about it. */
export function personNotFound(collection: string, person: string): RequestError {
  return new RequestError(
    'PERSON_NOT_FOUND',
    `Expected a person in collection "${collection}", found none named "${person}". Create the person, or drop a photo into people/${person}/ first.`,
  );
}

/** That something was changed by somebody else while it was worked on. */
export function changedMeanwhile(what: string): RequestError {
  return new RequestError(
    'CONFLICT',
    `Expected ${what} to stay as it was read, somebody else changed it meanwhile. Try again.`,
  );
}
