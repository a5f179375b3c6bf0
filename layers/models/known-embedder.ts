import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../../lib/core/errors.ts';
import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';
import { catalog } from './catalog.ts';

/**
 * The card of an embedder: of the catalog, whether it is made or not, or of the models folder, where `facenet train` puts those that it makes.
 * @throws ConfigError when there is no such embedder
 */
export function knownEmbedder(id: string, folder: string): EmbedderCard {
  const cards = Object.values(catalog).flatMap(({ card }) => (card.kind === 'embedder' ? [card] : []));
  const card = cards.find((known) => known.id === id);
  if (card) return card;
  const own = join(folder, `${id}.json`);
  const found: Partial<EmbedderCard> = existsSync(own) ? JSON.parse(readFileSync(own, 'utf8')) : {};
  if (found.kind === 'embedder') return found as EmbedderCard;
  throw new ConfigError(
    `Expected an embedder of ${cards.map((known) => known.id).join(', ')}, or the id of one in ${folder}, received "${id}". Name one of them.`,
  );
}
