import { posix } from 'node:path';
import { RequestError } from '../../lib/core/errors.ts';
import { euclideanDistance } from '../../lib/vision/distance.ts';
import { DistanceHistogram } from '../../lib/vision/distance-histogram.ts';
import {
  type Identification,
  identifyOneShot,
  labelledFaces,
  type Naming,
  namingsOneShot,
  pairCounts,
  pairDistances,
} from '../../lib/vision/labelled-faces.ts';
import { type JudgedPair, leaveOneFoldOutAccuracy, trueMatchRate } from '../../lib/vision/verification.ts';
import { type Pair, photosOf } from './pairs-file.ts';

/** The false match rates that thresholds are given for. */
const falseMatchRates = [1e-2, 1e-3, 1e-4];
/** How many of the strangers a search may take for somebody, in one-shot identification. */
const falseAlarmRate = 1e-2;

/** How good an embedder is on a benchmark, together with the detector before it; what `facenet eval --json` prints. */
export interface Evaluation {
  readonly embedder: string;
  readonly photos: number;
  readonly photosWithFace: number;
  readonly pairs: number;
  /** Mean and standard deviation over the folds, 0..1, each judged by the threshold that is best on the others. */
  readonly accuracy: number;
  readonly accuracyDeviation: number;
  readonly thresholds: readonly {
    readonly falseMatchRate: number;
    /** Of all genuine pairs that the photos allow, 0..1, or of the listed ones where folders are not people; the same kind of pairs as the false matches are of. */
    readonly trueMatchRate: number;
    /** Of the genuine pairs of the list, 0..1. */
    readonly listedTrueMatchRate: number;
    /** Euclidean, 0..2. */
    readonly distance: number;
    /** Pairs of different people that are nearer: the rate is measured where these are many, and a guess where they are none. */
    readonly falseMatches: number;
  }[];
  /** Which pairs the rates are of: all that the photos allow, or the listed ones where folders are not people. */
  readonly ratesOf: 'all' | 'listed';
  readonly impostorPairs: number;
  readonly genuinePairs: number;
  /** One photo enrolled of each person; absent where folders are not people. */
  readonly identification?: Identification;
  /** The same searches at the distance of 1e-3: whom they name, and beside how many of them another is named, by the margin from there to 1e-4. */
  readonly namings?: Readonly<Record<'right' | 'wrong' | 'strangers', Naming>>;
}

/**
 * Evaluates embeddings on pairs. A pair with a photo that has no embedding, because no face was found in it, is never a match.
 * @throws RequestError INVALID_REQUEST when the pairs have fewer than two folds, or none of different people
 */
export function evaluate(
  embedder: string,
  pairs: readonly Pair[],
  embeddings: ReadonlyMap<string, Float32Array>,
): Evaluation {
  const judged = pairs.map((pair) => judgedPair(pair, embeddings));
  expectEnough(judged);
  const photos = photosOf(pairs);
  const people = foldersArePeople(pairs)
    ? labelledFaces(
        photos.flatMap((photo) => {
          const embedding = embeddings.get(photo);
          return embedding ? { person: posix.dirname(photo), embedding } : [];
        }),
      )
    : undefined;
  const { genuine, impostor } = people ? pairDistances(people) : listedDistances(judged);
  // All photos in one folder, whether a face was found in them or not.
  const genuinePairs = people
    ? pairCounts(photos.map((photo) => posix.dirname(photo))).genuine
    : judged.filter(({ same }) => same).length;
  const { mean, deviation } = leaveOneFoldOutAccuracy(judged);
  const [, threshold, strict] = falseMatchRates.map((rate) => impostor.distanceAt(rate)) as [number, number, number];
  return {
    embedder,
    photos: photos.length,
    photosWithFace: photos.filter((photo) => embeddings.has(photo)).length,
    pairs: pairs.length,
    accuracy: mean,
    accuracyDeviation: deviation,
    thresholds: falseMatchRates.map((falseMatchRate) => {
      const distance = impostor.distanceAt(falseMatchRate);
      const falseMatches = impostor.nearer(distance);
      const rates = {
        trueMatchRate: genuine.nearer(distance) / genuinePairs,
        listedTrueMatchRate: trueMatchRate(judged, distance),
      };
      return { falseMatchRate, ...rates, distance, falseMatches };
    }),
    ratesOf: people ? 'all' : 'listed',
    impostorPairs: impostor.total,
    genuinePairs,
    ...(people && {
      identification: identifyOneShot(people, falseAlarmRate),
      namings: namingsOneShot(people, { threshold, margin: threshold - strict }),
    }),
  };
}

function judgedPair({ fold, imageA, imageB, same }: Pair, embeddings: ReadonlyMap<string, Float32Array>): JudgedPair {
  const [a, b] = [embeddings.get(imageA), embeddings.get(imageB)];
  return { fold, same, distance: a && b ? euclideanDistance(a, b) : Number.POSITIVE_INFINITY };
}

function expectEnough(judged: readonly JudgedPair[]): void {
  const folds = new Set(judged.map(({ fold }) => fold)).size;
  const genuine = judged.filter(({ same }) => same).length;
  if (folds >= 2 && genuine > 0 && genuine < judged.length) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected pairs of the same person and of different people in at least 2 folds, received ${genuine} and ${judged.length - genuine} in ${folds}. A threshold is chosen on some folds and judged on another.`,
  );
}

/** Whether the list agrees that each photo lies in a folder of its person: then all pairs across folders are of different people. */
function foldersArePeople(pairs: readonly Pair[]): boolean {
  return pairs.every(
    ({ imageA, imageB, same }) =>
      posix.dirname(imageA) !== '.' && (posix.dirname(imageA) === posix.dirname(imageB)) === same,
  );
}

/** A pair with a photo without a face is at no distance. */
function listedDistances(judged: readonly JudgedPair[]) {
  const genuine = new DistanceHistogram();
  const impostor = new DistanceHistogram();
  for (const { same, distance } of judged) if (distance <= 2) (same ? genuine : impostor).add(distance);
  return { genuine, impostor };
}
