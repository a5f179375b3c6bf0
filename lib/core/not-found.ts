import { RequestError } from './errors.ts';

/** That there is no such collection, and what to do about it. */
export function collectionNotFound(collection: string): RequestError {
  return new RequestError(
    'COLLECTION_NOT_FOUND',
    `Expected a collection "${collection}", found none. Create it, or drop a photo into collections/${collection}/photos/ first.`,
  );
}

/** That nobody of the name is known, and what to do about it. */
export function personNotFound(collection: string, person: string): RequestError {
  return new RequestError(
    'PERSON_NOT_FOUND',
    `Expected a person in collection "${collection}", found none named "${person}". Create the person, or drop a photo into people/${person}/ first.`,
  );
}

/** That no face has the id, and what to do about it. */
export function faceNotFound(collection: string, faceId: string): RequestError {
  return new RequestError(
    'FACE_NOT_FOUND',
    `Expected a face in collection "${collection}", found none with the id ${faceId}. List the faces of the collection to see their ids.`,
  );
}

/** That nothing is known of a photo. */
export function photoNotFound(key: string): RequestError {
  return new RequestError(
    'PHOTO_NOT_FOUND',
    `Expected a photo in the bucket under "${key}", found none. List the bucket to see its keys.`,
  );
}
