import type { DistanceHistogram } from './distance-histogram.ts';
import type { EmbedderCard, OperatingPoint } from './embedder-card.ts';
import { type FalseMatchTail, fitFalseMatchTail, tailDistanceAt } from './false-match-tail.ts';

/** What an embedder's distances mean: the numbers that its card carries. */
export interface Calibration extends Pick<EmbedderCard, 'operatingPoints' | 'similarity'> {
  readonly tail: FalseMatchTail;
  /** The false match rates that are read off the fitted tail; the others were counted. */
  readonly fitted: readonly number[];
}

const falseMatchRates = [1e-2, 1e-3, 1e-4, 1e-5];

/**
 * What similarity says, the same for every embedder: 80, the threshold that clients of Rekognition use when nobody chooses another, is one false match in
 * a thousand pairs of strangers, 99 is one in a hundred thousand, 0 is what all strangers are. Between them it is linear in the logarithm of the rate.
 */
const similarities = [
  { falseMatchRate: 1e-5, similarity: 99 },
  { falseMatchRate: 1e-4, similarity: 89.5 },
  { falseMatchRate: 1e-3, similarity: 80 },
  { falseMatchRate: 1e-2, similarity: 53.3 },
  { falseMatchRate: 1e-1, similarity: 26.7 },
  { falseMatchRate: 0.5, similarity: 8 },
] as const;

/** So many pairs must be nearer than a distance for its false match rate to count as measured: its standard error then is a tenth of it. */
export const enoughPairs = 100;
/** Where the tail is fitted from, and the fewest pairs that it takes. */
const tailFrom = 1e-3;
const enoughForTail = 1000;

/** The fewest pairs of strangers of which a calibration can be made: the tail then is the nearest tenth of them. */
export const fewestImpostors = 10 * enoughForTail;

/**
 * Calibrates an embedder by the distances of genuine pairs and of strangers. Rates at which fewer than 100 strangers are nearer are read off a tail that
 * is fitted to the nearest thousandth of them, or to the nearest thousand where there are fewer.
 * @throws RangeError when there are fewer than 10,000 pairs of strangers, or no genuine ones
 */
export function calibrate(genuine: DistanceHistogram, impostor: DistanceHistogram): Calibration {
  if (impostor.total < fewestImpostors || genuine.total === 0) {
    throw new RangeError(
      `Expected at least ${fewestImpostors} pairs of different people and one of the same person, received ${impostor.total} and ${genuine.total}.`,
    );
  }
  const tail = fitFalseMatchTail(impostor, Math.max(tailFrom, enoughForTail / impostor.total));
  const isMeasured = (rate: number) => rate * impostor.total >= enoughPairs || rate >= tail.falseMatchRate;
  const distanceAt = (rate: number) =>
    rounded(isMeasured(rate) ? impostor.distanceAt(rate) : tailDistanceAt(tail, rate));
  return {
    operatingPoints: falseMatchRates.map((falseMatchRate): OperatingPoint => {
      const distance = distanceAt(falseMatchRate);
      return { falseMatchRate, distance, trueMatchRate: rounded(genuine.nearer(distance) / genuine.total) };
    }),
    similarity: [
      { distance: 0, similarity: 100 },
      ...similarities.map(({ falseMatchRate, similarity }) => ({ distance: distanceAt(falseMatchRate), similarity })),
      { distance: 2, similarity: 0 },
    ],
    tail,
    fitted: falseMatchRates.filter((rate) => !isMeasured(rate)),
  };
}

/** To a ten-thousandth, as finely as distances are counted. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
