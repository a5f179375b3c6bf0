/** What the outside may know of an error code: its HTTP status, and whether trying again can help. */
export interface ErrorTraits {
  readonly status: number;
  readonly retryable: boolean;
}

/** Every code that a user, an event or a log line can carry. */
export const errorTable = {
  INVALID_REQUEST: { status: 400, retryable: false },
  EMPTY_IMAGE: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  ROUTE_NOT_FOUND: { status: 404, retryable: false },
  PHOTO_NOT_FOUND: { status: 404, retryable: false },
  PERSON_NOT_FOUND: { status: 404, retryable: false },
  FACE_NOT_FOUND: { status: 404, retryable: false },
  COLLECTION_NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  COLLECTION_EXISTS: { status: 409, retryable: false },
  PERSON_EXISTS: { status: 409, retryable: false },
  FACE_ASSIGNED: { status: 409, retryable: false },
  LIMIT_EXCEEDED: { status: 409, retryable: false },
  CONFLICT: { status: 409, retryable: true },
  PRECONDITION_FAILED: { status: 412, retryable: false },
  REQUEST_TOO_LARGE: { status: 413, retryable: false },
  IMAGE_TOO_LARGE: { status: 413, retryable: false },
  TOO_MANY_PIXELS: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  UNSUPPORTED_IMAGE_FORMAT: { status: 415, retryable: false },
  CORRUPT_IMAGE: { status: 422, retryable: false },
  IMAGE_TOO_SMALL: { status: 422, retryable: false },
  IMAGE_TOO_SLOW: { status: 422, retryable: false },
  NO_FACE: { status: 422, retryable: false },
  POOR_QUALITY: { status: 422, retryable: false },
  FOLDER_MARKER: { status: 422, retryable: false },
  KEY_WITHOUT_PERSON: { status: 422, retryable: false },
  IDEMPOTENCY_MISMATCH: { status: 422, retryable: false },
  INVALID_MESSAGE: { status: 500, retryable: false },
  INVALID_CONFIG: { status: 500, retryable: false },
  MODEL_MISSING: { status: 500, retryable: false },
  MODEL_CORRUPT: { status: 500, retryable: false },
  INTERNAL: { status: 500, retryable: true },
  UNAVAILABLE: { status: 503, retryable: true },
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof errorTable;

/**
 * The base of every error this project throws on purpose. `code` is stable, the message is for people and says
 * what was expected, what was received and what to do; nothing may be decided by the text of it.
 */
export class FacenetError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }
}

/** The image itself cannot be used, and no retry will change that: it is recorded and reported as rejected. */
export class ImageRejectedError extends FacenetError {}

/** A caller's request is wrong or names something that is not there. */
export class RequestError extends FacenetError {}

/** Something was changed by somebody else while it was worked on; trying again can help. */
export class ConflictError extends RequestError {
  /** @param what the thing that was to stay as it was read */
  constructor(what: string) {
    super('CONFLICT', `Expected ${what} to stay as it was read, somebody else changed it meanwhile. Try again.`);
  }
}

/** A setting is missing or makes no sense; found at start, not at the first photo. */
export class ConfigError extends FacenetError {
  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_CONFIG', message, options);
  }
}

/** A model's file is missing, or is not what its card says. */
export class ModelError extends FacenetError {}

/** Something this system leans on did not answer; trying again can help. */
export class UnavailableError extends FacenetError {
  constructor(message: string, options?: ErrorOptions) {
    super('UNAVAILABLE', message, options);
  }
}
