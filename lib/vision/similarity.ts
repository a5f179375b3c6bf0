import type { EmbedderCard } from './embedder-card.ts';

/** The false match rate of the threshold that is used where nobody chooses another: one pair of strangers in a thousand. */
export const defaultFalseMatchRate = 1e-3;

/**
 * The largest distance, 0..2, at which two faces are taken for the same person.
 * @throws RangeError when the card was not calibrated at that false match rate
 */
export function thresholdOf(card: EmbedderCard, falseMatchRate = card.falseMatchRate ?? defaultFalseMatchRate): number {
  const point = card.operatingPoints.find((candidate) => candidate.falseMatchRate === falseMatchRate);
  if (point) return point.distance;
  const known = card.operatingPoints.map((candidate) => candidate.falseMatchRate).join(', ');
  throw new RangeError(
    `Expected a false match rate at which ${card.id} is calibrated (${known}), received ${falseMatchRate}.`,
  );
}

/** The calibrated similarity of two faces at a distance, 0 (nothing alike) to 100 (the same picture): linear between the card's knots, level beyond them. */
export function similarityOf({ similarity: knots }: Pick<EmbedderCard, 'similarity'>, distance: number): number {
  const after = knots.findIndex((knot) => knot.distance >= distance);
  if (after === 0) return knots[0].similarity;
  if (after < 0) return knots[knots.length - 1].similarity;
  const from = knots[after - 1];
  const to = knots[after];
  return (
    from.similarity + ((to.similarity - from.similarity) * (distance - from.distance)) / (to.distance - from.distance)
  );
}
