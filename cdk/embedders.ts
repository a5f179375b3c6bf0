import { knownEmbedder } from '../layers/models/known-embedder.ts';
import { vectorName } from '../lib/adapters/dynamo-table.ts';
import { modelsFolder } from '../lib/config.ts';
import { ConfigError } from '../lib/core/errors.ts';
import type { EmbedderCard } from '../lib/vision/embedder-card.ts';
import type { ExistingTable } from './face-recognition-props.ts';

/**
 * The card of an embedder of the catalog, or of the models folder.
 * @throws ConfigError when there is no such embedder
 */
export function embedderCard(id: string): EmbedderCard {
  return knownEmbedder(id, modelsFolder());
}

/**
 * Looks whether a table that is there already can hold the embedder's vectors.
 * @throws ConfigError when its vector index is another model's, or of another dimension
 */
export function checkVectorIndex(
  { vectorIndexName, vectorDimensions }: ExistingTable,
  { id, dimensions }: Pick<EmbedderCard, 'id' | 'dimensions'>,
): void {
  if (vectorIndexName !== vectorName(id)) {
    throw new ConfigError(
      `Expected the existing table to have the vector index ${vectorName(id)}, received one named ${vectorIndexName}. Choose the embedder that the table was filled with, or add the index to it (aws dynamodb update-table) and embed the photos anew; docs/operations.md says how.`,
    );
  }
  if (vectorDimensions !== dimensions) {
    throw new ConfigError(
      `Expected the vector index ${vectorIndexName} to have the ${dimensions} dimensions of ${id}, received ${vectorDimensions}. An index cannot change its dimensions: choose the embedder that it was made for, or delete the index, let it be made anew and embed the photos again; docs/operations.md says how.`,
    );
  }
}
