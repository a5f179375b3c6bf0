import { rowDistance } from './distance.ts';
import { DistanceHistogram } from './distance-histogram.ts';

/** A face of somebody, as a unit vector. */
export interface LabelledFace {
  readonly person: string;
  readonly embedding: Float32Array;
}

/** Faces of known people, as unit vectors of one model. */
export interface LabelledFaces {
  readonly dimensions: number;
  /** Whose face each is; the same number is the same person. */
  readonly people: Int32Array;
  /** One unit vector after the other, `people.length` × `dimensions`. */
  readonly vectors: Float32Array;
}

/** Lays faces out for the loops over all their pairs. People are numbered in order of appearance. */
export function labelledFaces(faces: readonly LabelledFace[]): LabelledFaces {
  const dimensions = faces[0]?.embedding.length ?? 0;
  const numbers = new Map<string, number>();
  const people = new Int32Array(faces.length);
  const vectors = new Float32Array(faces.length * dimensions);
  for (const [i, { person, embedding }] of faces.entries()) {
    if (!numbers.has(person)) numbers.set(person, numbers.size);
    people[i] = numbers.get(person)!;
    vectors.set(embedding, i * dimensions);
  }
  return { dimensions, people, vectors };
}

/** How many pairs faces make, by whose each face is: of one person (`genuine`), and of two different people (`impostor`). */
export function pairCounts(people: Iterable<string | number>): { readonly genuine: number; readonly impostor: number } {
  const counts = new Map<string | number, number>();
  let faces = 0;
  for (const person of people) {
    counts.set(person, (counts.get(person) ?? 0) + 1);
    faces++;
  }
  const pairsAmong = (count: number) => (count * (count - 1)) / 2;
  const genuine = [...counts.values()].reduce((sum, count) => sum + pairsAmong(count), 0);
  return { genuine, impostor: pairsAmong(faces) - genuine };
}

/** The distances of all pairs of faces: of one person (`genuine`), and of two different people (`impostor`). n faces have n · (n − 1) / 2. */
export function pairDistances({ people, vectors, dimensions }: LabelledFaces): {
  readonly genuine: DistanceHistogram;
  readonly impostor: DistanceHistogram;
} {
  const genuine = new DistanceHistogram();
  const impostor = new DistanceHistogram();
  for (let i = 0; i < people.length; i++) {
    for (let j = 0; j < i; j++) {
      const distance = rowDistance(vectors, i * dimensions, j * dimensions, dimensions);
      (people[i] === people[j] ? genuine : impostor).add(distance);
    }
  }
  return { genuine, impostor };
}

/** What comes of one photo enrolled a person and all photos searched. */
export interface Identification {
  /** People enrolled, by the first of their faces each. */
  readonly enrolled: number;
  /** Searches for the other faces of the enrolled people. */
  readonly searches: number;
  /** The part of the searches, 0..1, whose nearest enrolled face is the person's own. */
  readonly rankOneRate: number;
  /** The part of the strangers, 0..1, that may be taken for somebody. */
  readonly falseAlarmRate: number;
  /** The largest distance, 0..2, at which no more of the strangers are taken for somebody. */
  readonly distance: number;
  /** The part of the searches, 0..1, whose nearest enrolled face is the person's own and within `distance`. */
  readonly trueIdentificationRate: number;
}

/**
 * Measures one-shot identification: the first face of each person is enrolled, every other face is searched for. A stranger is any face searched for
 * among the enrolled ones of everybody else, as if its own person had not been enrolled; `falseAlarmRate` of them may be taken for somebody.
 */
export function identifyOneShot(
  { people, vectors, dimensions }: LabelledFaces,
  falseAlarmRate: number,
): Identification {
  const gallery = firstOfEach(people);
  const enrolled = new Set(gallery);
  const strangers = new DistanceHistogram();
  const own = new Float64Array(people.length).fill(Number.POSITIVE_INFINITY);
  const other = new Float64Array(people.length).fill(Number.POSITIVE_INFINITY);
  for (let face = 0; face < people.length; face++) {
    for (const place of gallery) {
      if (place === face) continue;
      const distance = rowDistance(vectors, face * dimensions, place * dimensions, dimensions);
      const nearest = people[place] === people[face] ? own : other;
      if (distance < nearest[face]) nearest[face] = distance;
    }
    if (other[face] <= 2) strangers.add(other[face]);
  }
  const distance = strangers.distanceAt(falseAlarmRate);
  let searches = 0;
  let first = 0;
  let identified = 0;
  for (let face = 0; face < people.length; face++) {
    if (enrolled.has(face)) continue;
    searches++;
    if (own[face] >= other[face]) continue;
    first++;
    if (own[face] < distance) identified++;
  }
  return {
    enrolled: gallery.length,
    searches,
    rankOneRate: searches && first / searches,
    falseAlarmRate,
    distance,
    trueIdentificationRate: searches && identified / searches,
  };
}

/** How many searches named somebody, and how many of them named somebody else beside. */
export interface Naming {
  readonly named: number;
  readonly ambiguous: number;
}

/**
 * Measures what an ambiguity margin catches, in the searches of `identifyOneShot`: whoever is within `threshold` is named, and with them every other person
 * who is within it, too, and farther by at most `margin` (both 0..2). Of an enrolled person's searches some name `right` and some `wrong`; the searches of
 * strangers are always wrong.
 */
export function namingsOneShot(
  { people, vectors, dimensions }: LabelledFaces,
  { threshold, margin }: { readonly threshold: number; readonly margin: number },
): { readonly right: Naming; readonly wrong: Naming; readonly strangers: Naming } {
  const gallery = firstOfEach(people);
  const enrolled = new Set(gallery);
  const count = { right: [0, 0], wrong: [0, 0], strangers: [0, 0] };
  const search = (kind: keyof typeof count, nearest: number, second: number) => {
    if (nearest > threshold) return;
    count[kind][0]++;
    if (second <= Math.min(threshold, nearest + margin)) count[kind][1]++;
  };
  for (let face = 0; face < people.length; face++) {
    let [own, other, next] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const place of gallery) {
      if (place === face) continue;
      const distance = rowDistance(vectors, face * dimensions, place * dimensions, dimensions);
      if (people[place] === people[face]) own = distance;
      else if (distance < other) [other, next] = [distance, other];
      else if (distance < next) next = distance;
    }
    search('strangers', other, next);
    if (enrolled.has(face)) continue;
    if (own < other) search('right', own, other);
    else search('wrong', other, Math.min(own, next));
  }
  const naming = ([named, ambiguous]: number[]): Naming => ({ named, ambiguous });
  return { right: naming(count.right), wrong: naming(count.wrong), strangers: naming(count.strangers) };
}

function firstOfEach(people: Int32Array): number[] {
  const places = new Map<number, number>();
  for (let i = 0; i < people.length; i++) if (!places.has(people[i])) places.set(people[i], i);
  return [...places.values()];
}
