import { RequestError } from '../../lib/core/errors.ts';
import { fewestImpostors } from '../../lib/vision/calibration.ts';
import { type LabelledFace, type LabelledFaces, labelledFaces, pairCounts } from '../../lib/vision/labelled-faces.ts';
import { comparePairs, type PairedComparison, trueMatchesAt } from '../../lib/vision/paired-comparison.ts';
import { type Projection, project } from '../../lib/vision/projection.ts';
import { type Epoch, type TrainingSettings, trainProjection } from '../../lib/vision/projection-training.ts';
import { seededRandom, shuffled } from '../../lib/vision/seeded-random.ts';
import { principalProjection } from './principal-projection.ts';

export interface TeachingSettings extends TrainingSettings {
  /** Dimensions of the projection. */
  readonly dims: number;
}

/** How far the people are that the epoch was not taught on. */
export interface TaughtEpoch extends Epoch {
  /** True matches of the people by whom the epoch is chosen, 0..1. */
  readonly trueMatchRate: number;
}

/** A projection, and what it is worth. */
export interface Teaching {
  readonly projection: Projection;
  readonly epochs: readonly TaughtEpoch[];
  /** The epoch that was kept; 0 is the principal axes, as they were before anything was taught. */
  readonly kept: number;
  readonly taughtOn: { readonly people: number; readonly faces: number };
  readonly chosenBy: { readonly people: number; readonly faces: number };
  /** The embedder against the projection, on people whom neither teaching nor choice has seen. */
  readonly judged: PairedComparison;
  /** The same for the principal axes alone. */
  readonly untaught: PairedComparison;
  /** Whether it is worth installing: see `helps`. */
  readonly helps: boolean;
  /** The faces it was judged on, projected: its distances are calibrated on them. */
  readonly judgedFaces: readonly LabelledFace[];
}

/** The parts of the people: most are taught on, some choose the epoch, the others judge. */
const parts = { chosenBy: 0.15, judged: 0.25 } as const;

/** A pair of strangers in a thousand is the default threshold; where fewer than a hundred pairs would count so, it is one in a hundred. */
const falseMatchRates = { usual: 1e-3, few: 1e-2 } as const;
const countedFrom = 100;
/** The fewest pairs of strangers, and of one person's faces, that can choose or teach; to judge, it takes as many as to calibrate. */
const fewest = { impostors: 1000, genuine: 10 } as const;

/** Fewer dimensions may cost so many true matches, 0..1, or as many as chance makes. */
const allowedLoss = 0.001;

/**
 * Teaches a projection onto fewer dimensions, or the same number, with the triplet loss, beginning with the principal axes; keeps the epoch that is best
 * for people it was not taught on, and judges that one on others.
 * @throws RequestError INVALID_REQUEST when people or photos are too few for that
 */
export function teachProjection(
  faces: readonly LabelledFace[],
  { dims, ...settings }: TeachingSettings,
  onEpoch: (epoch: TaughtEpoch) => void,
): Teaching {
  const { judgingRate, choosingRate } = expectEnoughPeople(faces, settings.seed);
  const [judging, choosing, teaching] = inParts(faces, settings.seed).map((part) => labelledFaces(part)) as [
    LabelledFaces,
    LabelledFaces,
    LabelledFaces,
  ];
  const projection = principalProjection(teaching, dims);
  const untaught = comparePairs(judging, projected(judging, projection), judgingRate);
  const quality = () => trueMatchesAt(projected(choosing, projection), choosingRate);
  let best = { kept: 0, trueMatchRate: quality(), projection: copyOf(projection) };
  const epochs: TaughtEpoch[] = [];
  for (const epoch of trainProjection(teaching, projection, settings)) {
    const trueMatchRate = quality();
    if (trueMatchRate > best.trueMatchRate) {
      best = { kept: epoch.number, trueMatchRate, projection: copyOf(projection) };
    }
    epochs.push({ ...epoch, trueMatchRate });
    onEpoch({ ...epoch, trueMatchRate });
  }
  const after = projected(judging, best.projection);
  const judged = comparePairs(judging, after, judgingRate);
  return {
    projection: best.projection,
    epochs,
    kept: best.kept,
    taughtOn: sizeOf(teaching),
    chosenBy: sizeOf(choosing),
    judged,
    untaught,
    helps: helps(judged, dims < judging.dimensions),
    judgedFaces: Array.from(after.people, (person, row) => ({
      person: String(person),
      embedding: after.vectors.slice(row * dims, (row + 1) * dims),
    })),
  };
}

/**
 * Expects people and photos enough for each part, and answers the false match rates at which the parts are judged.
 * @throws RequestError INVALID_REQUEST when they are too few
 */
export function expectEnoughPeople(
  photos: readonly { readonly person: string }[],
  seed: number,
): { readonly judgingRate: number; readonly choosingRate: number } {
  const [judging, choosing, teaching] = inParts(photos, seed);
  rateFor(teaching!, 'to teach it', fewest.impostors);
  return {
    judgingRate: rateFor(judging!, 'to judge it', fewestImpostors),
    choosingRate: rateFor(choosing!, 'to choose the epoch', fewest.impostors),
  };
}

function inParts<T extends { readonly person: string }>(faces: readonly T[], seed: number): T[][] {
  return splitByPerson(faces, [parts.judged, parts.chosenBy], seed);
}

/** Fewer dimensions help when they cost nothing that can be told from chance; as many help when they gain something that can. */
export function helps({ gain, standardError }: PairedComparison, isSmaller: boolean): boolean {
  return isSmaller ? gain >= -Math.max(allowedLoss, standardError) : gain > standardError;
}

/** Parts the people, all faces of each together: a part for each share, and the rest. Names decide nothing but the order that the seed shuffles. */
export function splitByPerson<T extends { readonly person: string }>(
  faces: readonly T[],
  shares: readonly number[],
  seed: number,
): T[][] {
  const people = shuffled([...new Set(faces.map(({ person }) => person))].sort(), seededRandom(seed));
  let from = 0;
  const ends = shares.map((share) => {
    from += share * people.length;
    return Math.round(from);
  });
  const partOf = new Map(
    people.map((person, i) => {
      const part = ends.findIndex((end) => i < end);
      return [person, part < 0 ? shares.length : part];
    }),
  );
  return Array.from({ length: shares.length + 1 }, (_, part) =>
    faces.filter(({ person }) => partOf.get(person) === part),
  );
}

function rateFor(photos: readonly { readonly person: string }[], purpose: string, fewestStrangers: number): number {
  const { genuine, impostor } = pairCounts(photos.map(({ person }) => person));
  if (impostor >= fewestStrangers && genuine >= fewest.genuine) {
    return falseMatchRates.usual * impostor >= countedFrom ? falseMatchRates.usual : falseMatchRates.few;
  }
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected people enough ${purpose}: ${fewestStrangers} pairs of different people and ${fewest.genuine} of the same, received ${impostor} and ${genuine}. It takes about 600 photos, two or more of most people, in a folder for each.`,
  );
}

function projected(faces: LabelledFaces, projection: Projection): LabelledFaces {
  return { people: faces.people, dimensions: projection.outputs, vectors: project(faces.vectors, projection) };
}

function copyOf({ matrix, bias, ...projection }: Projection): Projection {
  return { ...projection, matrix: matrix.slice(), bias: bias.slice() };
}

function sizeOf({ people }: LabelledFaces): { readonly people: number; readonly faces: number } {
  return { people: new Set(people).size, faces: people.length };
}
