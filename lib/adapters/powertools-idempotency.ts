import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  IdempotencyPersistenceLayerError,
  IdempotencyValidationError,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FacenetError, RequestError } from '../core/errors.ts';
import type { AnsweredRequests, StoredAnswer } from '../core/ports.ts';
import { attribute } from './dynamo-table.ts';

/** Seconds for which an answer is kept: a client that repeats a request does so soon, and what is deleted is to be gone soon, too. */
const secondsKept = 60 * 60;

/** The partition of the table that the answers are in. */
export const answersPartition = 'answered';

/** Remembers answers by Powertools' idempotency, as items of the table beside all others; time to live removes them. */
export function createAnsweredRequests({
  client,
  table,
}: {
  readonly client: DynamoDBClient;
  readonly table: string;
}): AnsweredRequests {
  const persistenceStore = new DynamoDBPersistenceLayer({
    tableName: table,
    awsSdkV3Client: client,
    keyAttr: attribute.partition,
    sortKeyAttr: attribute.sort,
    staticPkValue: answersPartition,
    expiryAttr: attribute.expiresAt,
  });
  return {
    async once({ key, request, lambda }, work) {
      const config = new IdempotencyConfig({
        eventKeyJmesPath: 'key',
        payloadValidationJmesPath: 'request',
        expiresAfterSeconds: secondsKept,
        hashFunction: 'sha256',
        ...(lambda && { lambdaContext: lambda as NonNullable<IdempotencyConfig['lambdaContext']> }),
      });
      let isNew = false;
      const done = async (_: { readonly key: string; readonly request: string }) => {
        isNew = true;
        return { ...(await work()) };
      };
      const answer = await makeIdempotent(done, { persistenceStore, config })({ key, request }).catch(translate);
      return { answer: answer as StoredAnswer, isNew };
    },
  };
}

function translate(error: unknown): never {
  if (error instanceof IdempotencyValidationError) {
    throw new RequestError(
      'IDEMPOTENCY_MISMATCH',
      'Expected the request that came first with this Idempotency-Key, received another. Use a new key for each request, and the same one only to repeat it.',
      { cause: error },
    );
  }
  if (error instanceof IdempotencyAlreadyInProgressError) {
    throw new RequestError(
      'CONFLICT',
      'Expected the first request with this Idempotency-Key to be answered, it is still under way. Repeat this one in some seconds.',
      { cause: error },
    );
  }
  if (error instanceof IdempotencyPersistenceLayerError && error.cause instanceof FacenetError) throw error.cause;
  throw error;
}
