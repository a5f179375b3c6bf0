import { rowDistance } from './distance.ts';
import { type LabelledFaces, pairDistances } from './labelled-faces.ts';

/** How two embeddings of the same faces compare. Rates are 0..1. */
export interface PairedComparison {
  readonly people: number;
  readonly faces: number;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** True matches are counted at the threshold that lets so many pairs of strangers pass, with each embedding at its own. */
  readonly falseMatchRate: number;
  readonly trueMatchRate: { readonly before: number; readonly after: number };
  /** Verification accuracy at each embedding's best threshold, genuine pairs and strangers counted alike. */
  readonly accuracy: { readonly before: number; readonly after: number };
  /** What is gained in true matches. */
  readonly gain: number;
  /** Of the gain, from the pairs that one of the two matches and the other does not (McNemar 1947). */
  readonly standardError: number;
}

/**
 * Compares two embeddings of the same faces, in the same order.
 * @throws RangeError when there are no pairs of the same or of different people
 */
export function comparePairs(before: LabelledFaces, after: LabelledFaces, falseMatchRate: number): PairedComparison {
  const [old, now] = [pairDistances(before), pairDistances(after)];
  const genuinePairs = old.genuine.total;
  const impostorPairs = old.impostor.total;
  if (genuinePairs === 0 || impostorPairs === 0) {
    throw new RangeError(
      `Expected pairs of the same and of different people, received ${genuinePairs} and ${impostorPairs}.`,
    );
  }
  const matchedBefore = genuineMatches(before, old.impostor.distanceAt(falseMatchRate));
  const matchedAfter = genuineMatches(after, now.impostor.distanceAt(falseMatchRate));
  let won = 0;
  let lost = 0;
  let matches = 0;
  for (let pair = 0; pair < genuinePairs; pair++) {
    matches += matchedBefore[pair];
    if (matchedAfter[pair] > matchedBefore[pair]) won++;
    if (matchedAfter[pair] < matchedBefore[pair]) lost++;
  }
  return {
    people: new Set(before.people).size,
    faces: before.people.length,
    genuinePairs,
    impostorPairs,
    falseMatchRate,
    trueMatchRate: { before: matches / genuinePairs, after: (matches + won - lost) / genuinePairs },
    accuracy: { before: bestAccuracy(old), after: bestAccuracy(now) },
    gain: (won - lost) / genuinePairs,
    standardError: Math.sqrt(won + lost) / genuinePairs,
  };
}

/** The part of the genuine pairs, 0..1, that are nearer than all but `falseMatchRate` of the pairs of strangers. */
export function trueMatchesAt(faces: LabelledFaces, falseMatchRate: number): number {
  const { genuine, impostor } = pairDistances(faces);
  return genuine.nearer(impostor.distanceAt(falseMatchRate)) / genuine.total;
}

/** 1 for each pair of one person's faces that is nearer than the threshold, else 0, in the order of the rows. */
function genuineMatches({ people, vectors, dimensions }: LabelledFaces, threshold: number): number[] {
  const matches: number[] = [];
  for (let a = 0; a < people.length; a++) {
    for (let b = 0; b < a; b++) {
      if (people[a] !== people[b]) continue;
      matches.push(rowDistance(vectors, a * dimensions, b * dimensions, dimensions) < threshold ? 1 : 0);
    }
  }
  return matches;
}

/** Thresholds that are tried, 0..2. */
const tried = 1000;

function bestAccuracy({ genuine, impostor }: ReturnType<typeof pairDistances>): number {
  let best = 0.5;
  for (let i = 1; i < tried; i++) {
    const distance = (2 * i) / tried;
    const right = genuine.nearer(distance) / genuine.total + 1 - impostor.nearer(distance) / impostor.total;
    best = Math.max(best, right / 2);
  }
  return best;
}
