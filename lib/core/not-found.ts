import { ImageRejectedError, RequestError } from './errors.ts';

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

/**
 * That a photo has no face that can be used, and what to do about it.
 * @param photo which one
 * @param found what there is instead
 */
export function noFaceIn(photo: string, found = 'none'): ImageRejectedError {
  return new ImageRejectedError(
    'NO_FACE',
    `Expected a face in ${photo}, found ${found}. Use one in which the face is visible and at least 20 pixels wide.`,
  );
}

/** That a photo has no face in the place that was picked, and what to do about it. */
export function noFaceAt(place: number, photo: string, faces: number): RequestError {
  return new RequestError(
    'FACE_NOT_FOUND',
    `Expected a face in place ${place} of ${photo}, found ${faces} in it, the largest in place 0. Detect the faces of the photo to see their places.`,
  );
}
