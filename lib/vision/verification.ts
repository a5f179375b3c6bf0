/** Two photos that were compared: how far apart their faces are, and whether a person says that they show the same one. */
export interface JudgedPair {
  /** Which part of the data it belongs to: a threshold is never judged on the fold it was chosen on. */
  readonly fold: string;
  readonly same: boolean;
  /** Euclidean between unit vectors, 0..2; Infinity where a photo has no face, which can never be a match. */
  readonly distance: number;
}

/** Mean and standard deviation over the folds, as fractions. */
export interface Accuracy {
  readonly mean: number;
  readonly deviation: number;
}

/**
 * Verification accuracy by the protocol of LFW (Huang et al. 2007, "image-restricted"): each fold is judged by the threshold that is best on all the others.
 * @throws RangeError when there are fewer than two folds
 */
export function leaveOneFoldOutAccuracy(pairs: readonly JudgedPair[]): Accuracy {
  const folds = [...new Set(pairs.map((pair) => pair.fold))];
  if (folds.length < 2) throw new RangeError(`Expected pairs of at least 2 folds, received ${folds.length}.`);
  const accuracies = folds.map((fold) => {
    const threshold = bestThreshold(pairs.filter((pair) => pair.fold !== fold));
    const judged = pairs.filter((pair) => pair.fold === fold);
    return judged.filter(({ same, distance }) => distance <= threshold === same).length / judged.length;
  });
  const mean = accuracies.reduce((sum, accuracy) => sum + accuracy) / folds.length;
  const variance = accuracies.reduce((sum, accuracy) => sum + (accuracy - mean) ** 2, 0) / folds.length;
  return { mean, deviation: Math.sqrt(variance) };
}

/** The threshold that judges the most pairs rightly, in the middle between the two distances it lies between; of equals, the smallest. */
export function bestThreshold(pairs: readonly JudgedPair[]): number {
  const sorted = pairs.filter(({ distance }) => distance <= 2).sort((a, b) => a.distance - b.distance);
  let right = 0;
  let best = 0;
  let threshold = 0;
  for (let i = 0; i < sorted.length; i++) {
    const { same, distance } = sorted[i];
    const next = sorted[i + 1]?.distance ?? 2;
    right += same ? 1 : -1;
    if (right <= best || next === distance) continue;
    best = right;
    threshold = (distance + next) / 2;
  }
  return threshold;
}

/** The part of the genuine pairs, 0..1, that are nearer than a distance; 0 when there are none. */
export function trueMatchRate(pairs: readonly JudgedPair[], distance: number): number {
  const genuine = pairs.filter((pair) => pair.same);
  if (genuine.length === 0) return 0;
  return genuine.filter((pair) => pair.distance < distance).length / genuine.length;
}
