import { RequestError } from '../../lib/core/errors.ts';
import { type Calibration, calibrate, enoughPairs, fewestImpostors } from '../../lib/vision/calibration.ts';
import type { DistanceHistogram } from '../../lib/vision/distance-histogram.ts';
import { tailRateAt } from '../../lib/vision/false-match-tail.ts';
import { type LabelledFace, labelledFaces, pairCounts, pairDistances } from '../../lib/vision/labelled-faces.ts';
import { similarityOf } from '../../lib/vision/similarity.ts';
import { counted } from '../counted.ts';
import { calibrationPicture } from './calibration-picture.ts';

/** A calibration and what it was made of; what `facenet calibrate --json` prints, without `picture`. */
export interface CalibrationReport extends Calibration {
  readonly embedder: string;
  readonly people: number;
  readonly faces: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** What each threshold lets through, 0..1. */
  readonly table: readonly {
    readonly similarity: number;
    readonly distance: number;
    readonly falseMatchRate: number;
    readonly trueMatchRate: number;
  }[];
}

/** The similarities that a client may set as his threshold. */
const tabled = [50, 60, 70, 80, 85, 90, 95, 99];

/**
 * Calibrates an embedder on faces of known people, and draws it.
 * @throws RequestError INVALID_REQUEST when people or photos are too few
 */
export function reportCalibration(
  embedder: string,
  faces: readonly LabelledFace[],
): { readonly report: CalibrationReport; readonly picture: string } {
  expectEnoughPairs(faces.map(({ person }) => person));
  const pairs = pairDistances(labelledFaces(faces));
  const { genuine, impostor } = pairs;
  const calibration = calibrate(genuine, impostor);
  const report = {
    embedder,
    people: new Set(faces.map(({ person }) => person)).size,
    faces: faces.length,
    genuinePairs: genuine.total,
    impostorPairs: impostor.total,
    ...calibration,
    table: tabled.map((similarity) => rowAt(similarity, calibration, pairs)),
  };
  return { report, picture: calibrationPicture(embedder, calibration, pairs) };
}

/**
 * Expects people and photos enough for a calibration.
 * @param people whose each photo is
 * @throws RequestError INVALID_REQUEST when they are too few
 */
export function expectEnoughPairs(people: readonly string[]): void {
  const { genuine, impostor } = pairCounts(people);
  if (impostor >= fewestImpostors && genuine > 0) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected photos that give at least ${fewestImpostors} pairs of different people and one of the same person (about 150 photos of 100 people), received ${impostor} and ${genuine}, by ${counted(people.length, 'photo')} of ${counted(new Set(people).size, 'person', 'people')}. Each person has a folder of his own.`,
  );
}

function rowAt(
  similarity: number,
  calibration: Calibration,
  { genuine, impostor }: { readonly genuine: DistanceHistogram; readonly impostor: DistanceHistogram },
) {
  const distance = distanceOf(similarity, calibration.similarity);
  const { tail } = calibration;
  const nearer = impostor.nearer(distance);
  const isFitted = distance < tail.distance && nearer < enoughPairs;
  const falseMatchRate = isFitted ? tailRateAt(tail, distance) : nearer / impostor.total;
  return { similarity, distance, falseMatchRate, trueMatchRate: genuine.nearer(distance) / genuine.total };
}

/** The largest distance, in steps of 0.0001, that still has a similarity. */
function distanceOf(similarity: number, knots: Calibration['similarity']): number {
  let steps = 0;
  while (similarityOf({ similarity: knots }, (steps + 1) / 1e4) >= similarity) steps++;
  return steps / 1e4;
}
