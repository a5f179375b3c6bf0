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

/**
 * Two people are told apart no better than this where the card does not say: a starting point, not measured yet. The noise that moves a face's distance to
 * one person and not to the other is of this order.
 */
const usualAmbiguityMargin = 0.05;

/** How much farther than the nearest person, 0..2, another one can be and still be meant: within it, both are named. */
export function ambiguityMarginOf({ ambiguityMargin = usualAmbiguityMargin }: EmbedderCard): number {
  return ambiguityMargin;
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

/**
 * The other way round: the largest distance, 0..2, at which two faces are at least so similar (0..100). 2, the largest there is, where every face is; 0 where
 * only the same picture can be.
 */
export function distanceAt({ similarity: knots }: Pick<EmbedderCard, 'similarity'>, similarity: number): number {
  const after = knots.findIndex((knot) => knot.similarity < similarity);
  if (after < 0) return 2;
  if (after === 0) return 0;
  const from = knots[after - 1];
  const to = knots[after];
  return (
    from.distance + ((to.distance - from.distance) * (similarity - from.similarity)) / (to.similarity - from.similarity)
  );
}
