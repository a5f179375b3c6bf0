import { createDynamoDbClient } from '../lib/adapters/aws-clients.ts';
import { DynamoFaceRegistry } from '../lib/adapters/dynamo-face-registry.ts';
import type { Traced } from '../lib/adapters/powertools-tracing.ts';
import type { Config } from '../lib/config.ts';
import type { FaceRegistry } from '../lib/core/ports.ts';

/** The registry in the table of the settings; faces come with the vectors of the embedder that is in use. */
export function registryOf({ table, embedder }: Config, traced: Traced): FaceRegistry {
  return new DynamoFaceRegistry({ client: traced(createDynamoDbClient()), table, embedder });
}
