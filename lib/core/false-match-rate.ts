import type { EmbedderCard } from '../vision/embedder-card.ts';
import { ConfigError } from './errors.ts';

/**
 * Chooses how often strangers may be taken for one another: the card whose threshold is the distance at that false match rate.
 * @throws ConfigError when the embedder is not calibrated there
 */
export function atFalseMatchRate(card: EmbedderCard, falseMatchRate: number): EmbedderCard {
  const rates = card.operatingPoints.map((point) => point.falseMatchRate);
  if (rates.includes(falseMatchRate)) return { ...card, falseMatchRate };
  throw new ConfigError(
    `Expected a false match rate that ${card.id} is calibrated at (${rates.join(', ')}), received ${falseMatchRate}. Choose one of these, or calibrate it with \`facenet calibrate\`.`,
  );
}
