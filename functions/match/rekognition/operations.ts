import { z } from 'zod';
import type { Scope } from '../../../lib/core/access-keys.ts';
import { RekognitionError } from './errors.ts';
import type { Operation } from './operation.ts';
import { photoOperations } from './photo-operations.ts';

/** Every operation of the protocol that is answered here, by its name in `X-Amz-Target`. */
export const operations: Readonly<Record<string, Operation>> = { ...photoOperations };

/** What a call needs: the right to read, write or administer, and of which collection; none where it touches no collection, or asks for all. */
export interface RekognitionAccess {
  readonly scope: Scope;
  readonly collection?: string;
}

const target = 'RekognitionService.';

/**
 * The operation that the header `X-Amz-Target` names.
 * @throws RekognitionError UnknownOperationException
 */
export function operationNamed(header: string | undefined): Operation & { readonly name: string } {
  const name = header?.startsWith(target) ? header.slice(target.length) : undefined;
  if (name !== undefined && Object.hasOwn(operations, name)) return { name, ...operations[name]! };
  throw new RekognitionError(
    'UnknownOperationException',
    `Expected the header X-Amz-Target to name an operation of Rekognition's face API that is served here (${Object.keys(operations).join(', ')}), received ${header ?? 'none'}. docs/rekognition.md has them all.`,
  );
}

const named = z.object({ CollectionId: z.string() });

/**
 * What a caller must be allowed to do for a call.
 * @param header `X-Amz-Target`
 * @param input the body, parsed; it need not be valid
 * @throws RekognitionError UnknownOperationException
 */
export function rekognitionAccess(header: string | undefined, input: unknown): RekognitionAccess {
  const { scope } = operationNamed(header);
  const { data } = named.safeParse(input);
  return data ? { scope, collection: data.CollectionId } : { scope };
}
