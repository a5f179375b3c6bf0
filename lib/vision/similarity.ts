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
 * How much farther than the nearest person, 0..2, another one can be and still be meant: within it, both are named. It is as far as from one false match in a
 * thousand to one in ten thousand, so that it means the same for every embedder; docs/accuracy.md has what it catches.
 */
export function ambiguityMarginOf(card: EmbedderCard): number {
  return thresholdOf(card, 1e-3) - thresholdOf(card, 1e-4);
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
