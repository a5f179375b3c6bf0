import { AuthenticationError, type AuthenticationFailure } from '../../../lib/core/access.ts';
import { type ErrorCode, FacenetError } from '../../../lib/core/errors.ts';

/** The errors of the protocol, each with its HTTP status, as Rekognition's service model has them; the last six are of AWS's JSON protocol itself. */
export const rekognitionStatuses = {
  AccessDeniedException: 400,
  ConflictException: 400,
  IdempotentParameterMismatchException: 400,
  ImageTooLargeException: 400,
  InternalServerError: 500,
  InvalidImageFormatException: 400,
  InvalidPaginationTokenException: 400,
  InvalidParameterException: 400,
  InvalidS3ObjectException: 400,
  ProvisionedThroughputExceededException: 400,
  ResourceAlreadyExistsException: 400,
  ResourceNotFoundException: 400,
  ServiceQuotaExceededException: 400,
  ThrottlingException: 500,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  SerializationException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
} as const;

export type RekognitionErrorName = keyof typeof rekognitionStatuses;

/** An error that a use case does not know of: it is one of the protocol's own. */
export class RekognitionError extends FacenetError {
  readonly rekognitionName: RekognitionErrorName;

  constructor(rekognitionName: RekognitionErrorName, message: string, options?: ErrorOptions) {
    super(rekognitionName === 'InternalServerError' ? 'INTERNAL' : 'INVALID_REQUEST', message, options);
    this.rekognitionName = rekognitionName;
  }
}

/** What AWS's services call it when they do not know who calls ("Common errors" of Rekognition's API reference). */
const authenticationNames: Readonly<Record<AuthenticationFailure, RekognitionErrorName>> = {
  missing: 'MissingAuthenticationTokenException',
  incomplete: 'IncompleteSignatureException',
  'unknown-key': 'UnrecognizedClientException',
  'wrong-signature': 'InvalidSignatureException',
  'wrong-time': 'InvalidSignatureException',
  replayed: 'InvalidSignatureException',
};

/** What the codes of the one table are called here. What is not among them failed in here. */
const names: { readonly [C in ErrorCode]?: RekognitionErrorName } = {
  FORBIDDEN: 'AccessDeniedException',
  INVALID_REQUEST: 'InvalidParameterException',
  EMPTY_IMAGE: 'InvalidParameterException',
  IMAGE_TOO_SMALL: 'InvalidParameterException',
  NO_FACE: 'InvalidParameterException',
  FACE_NOT_FOUND: 'InvalidParameterException',
  PHOTO_NOT_FOUND: 'InvalidS3ObjectException',
  COLLECTION_NOT_FOUND: 'ResourceNotFoundException',
  PERSON_NOT_FOUND: 'ResourceNotFoundException',
  COLLECTION_EXISTS: 'ResourceAlreadyExistsException',
  PERSON_EXISTS: 'ConflictException',
  CONFLICT: 'ConflictException',
  LIMIT_EXCEEDED: 'ServiceQuotaExceededException',
  IDEMPOTENCY_MISMATCH: 'IdempotentParameterMismatchException',
  REQUEST_TOO_LARGE: 'ImageTooLargeException',
  IMAGE_TOO_LARGE: 'ImageTooLargeException',
  TOO_MANY_PIXELS: 'ImageTooLargeException',
  IMAGE_TOO_SLOW: 'ImageTooLargeException',
  UNSUPPORTED_IMAGE_FORMAT: 'InvalidImageFormatException',
  CORRUPT_IMAGE: 'InvalidImageFormatException',
};

/** How an error is answered. Of what failed in here nothing is told, as it could name what is nobody's business. */
export function rekognitionErrorOf(error: unknown): {
  readonly name: RekognitionErrorName;
  readonly status: 400 | 500;
  readonly message: string;
} {
  const name = nameOf(error);
  const message =
    name === 'InternalServerError' || !(error instanceof FacenetError)
      ? 'Something failed in here, not in the request. Try again; the log says what under the request id.'
      : textOf(error);
  return { name, status: rekognitionStatuses[name], message };
}

function nameOf(error: unknown): RekognitionErrorName {
  if (error instanceof RekognitionError) return error.rekognitionName;
  if (error instanceof AuthenticationError) return authenticationNames[error.failure];
  return (error instanceof FacenetError && names[error.code]) || 'InternalServerError';
}

/** Clients hold the text about missing faces against Rekognition's, so theirs comes first. */
function textOf({ code, message }: FacenetError): string {
  return code === 'NO_FACE' ? `There are no faces in the image. Should be at least 1. ${message}` : message;
}
