import { catalog } from '../layers/models/catalog.ts';
import { vectorName } from '../lib/adapters/dynamo-table.ts';
import { ConfigError } from '../lib/core/errors.ts';
import type { EmbedderCard } from '../lib/vision/embedder-card.ts';
import type { ExistingTable } from './face-recognition-props.ts';

/**
 * The card of an embedder.
 * @throws ConfigError when the catalog has no such embedder
 */
export function embedderCard(id: string): EmbedderCard {
  const cards = Object.values(catalog).flatMap(({ card }) => (card.kind === 'embedder' ? [card] : []));
  const card = cards.find((known) => known.id === id);
  if (card) return card;
  throw new ConfigError(
    `Expected an embedder of the catalog (${cards.map((known) => known.id).join(', ')}), received "${id}". Choose one of them, or add its card to layers/models/catalog.ts.`,
  );
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
