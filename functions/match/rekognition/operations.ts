import { collectionOperations } from './collection-operations.ts';
import { RekognitionError } from './errors.ts';
import { faceOperations } from './face-operations.ts';
import type { Operation } from './operation.ts';
import { photoOperations } from './photo-operations.ts';
import { searchOperations } from './search-operations.ts';
import { userOperations } from './user-operations.ts';

/** Every operation of the protocol that is answered here, by its name in `X-Amz-Target`. */
export const operations: Readonly<Record<string, Operation>> = {
  ...photoOperations,
  ...collectionOperations,
  ...faceOperations,
  ...searchOperations,
  ...userOperations,
};

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
