const prefixes = {
  ValidationException: 'com.amazon.coral.validate#',
  ResourceNotFoundException: 'com.amazonaws.dynamodb.v20120810#',
} as const;

/** An error as DynamoDB answers it. */
export class DynamoDbError extends Error {
  readonly code: keyof typeof prefixes;

  constructor(code: keyof typeof prefixes, message: string) {
    super(message);
    this.name = code;
    this.code = code;
  }

  /** The body of the answer, which has status 400. */
  toJSON(): { readonly __type: string; readonly message: string } {
    return { __type: prefixes[this.code] + this.code, message: this.message };
  }
}

/** A request that DynamoDB would not take. */
export function invalid(message: string): DynamoDbError {
  return new DynamoDbError('ValidationException', message);
}
