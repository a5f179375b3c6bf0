import type { DistanceHistogram } from './distance-histogram.ts';

/** The tail of the strangers' distances, fitted where pairs become too few to be counted. */
export interface FalseMatchTail {
  /** Where the fitted part begins: `falseMatchRate` of the strangers are nearer than `distance`. */
  readonly falseMatchRate: number;
  readonly distance: number;
  /** The generalised Pareto distribution of how much nearer than `distance` they are. */
  readonly shape: number;
  readonly scale: number;
}

/**
 * Fits a generalised Pareto distribution to the distances of strangers that are nearer than `falseMatchRate` of them: by the theory of extremes (Pickands
 * 1975) the far tail of nearly any distribution follows one. By probability-weighted moments (Hosking and Wallis 1987), which a few mislabelled pairs at the
 * very end move far less than they move the count.
 */
export function fitFalseMatchTail(strangers: DistanceHistogram, falseMatchRate: number): FalseMatchTail {
  const distance = strangers.distanceAt(falseMatchRate);
  const count = strangers.nearer(distance);
  let mean = 0;
  let weighted = 0;
  let rank = 0;
  for (const bin of strangers.nearerThan(distance)) {
    const excess = distance - bin.distance;
    // The plotting position (rank − 0.35) / n of Hosking and Wallis, at the middle rank of those in the bin.
    const below = (rank + (bin.count + 1) / 2 - 0.35) / count;
    mean += (bin.count * excess) / count;
    weighted += (bin.count * excess * (1 - below)) / count;
    rank += bin.count;
  }
  const spread = mean - 2 * weighted;
  return { falseMatchRate, distance, shape: 2 - mean / spread, scale: (2 * mean * weighted) / spread };
}

/** The distance to which a part of the strangers, no more than the tail begins with, are nearer. */
export function tailDistanceAt({ falseMatchRate, distance, shape, scale }: FalseMatchTail, rate: number): number {
  return Math.max(0, distance - (scale / shape) * ((rate / falseMatchRate) ** -shape - 1));
}

/** The part of the strangers, 0..1, that are nearer than a distance within the tail. */
export function tailRateAt({ falseMatchRate, distance, shape, scale }: FalseMatchTail, nearer: number): number {
  return falseMatchRate * Math.max(0, 1 + (shape * (distance - nearer)) / scale) ** (-1 / shape);
}
