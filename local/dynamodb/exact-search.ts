import { type Matches, MetricKind, exactSearch as scan } from 'usearch';
import type { VectorIndexDefinition } from './definitions.ts';
import { codingError, encode } from './vector-codes.ts';
import type { VectorRows } from './vector-rows.ts';

/** The vectors behind the codes. */
export interface Vectors {
  /** What a code stands for. */
  readonly scale: number;
  /** The vector in a slot, until the next one is asked for. */
  vectorOf(slot: number): Float32Array;
}

/** A vector that was found. */
export interface Found {
  readonly slot: number;
  /** As the distance function says: the distance (smallest first), for DOT_PRODUCT the product (largest first). */
  readonly score: number;
}

export type DistanceFunction = VectorIndexDefinition['DistanceFunction'];

/** A vector that may be among the nearest, and the least that its distance can be. */
interface Candidate {
  readonly slot: number;
  readonly atLeast: number;
}

/** Rows that are fetched beside those asked for, before it is known how many are needed: few searches need more, and fewer would be hardly faster. */
const spareRows = 1000;
/** How much more is fetched when that was not enough. */
const growth = 8;
/** Threads of a scan. USearch starts them for every call: two took 26 to 40 ms for the codes of a million faces that one goes through in 15. */
const threads = 1;
/** Room for the roundings of float64 and, in USearch's answers, float32, relative to a distance. */
const slack = 1e-6;

/** The score of two vectors, in float64. */
const scores: Readonly<Record<DistanceFunction, (a: Float32Array, b: Float32Array) => number>> = {
  EUCLIDEAN: (a, b) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
    return Math.sqrt(sum);
  },
  COSINE: (a, b) => {
    let product = 0;
    let aa = 0;
    let bb = 0;
    for (let i = 0; i < a.length; i++) {
      product += a[i]! * b[i]!;
      aa += a[i]! * a[i]!;
      bb += b[i]! * b[i]!;
    }
    return 1 - product / (Math.sqrt(aa * bb) || 1);
  },
  DOT_PRODUCT: (a, b) => {
    let product = 0;
    for (let i = 0; i < a.length; i++) product += a[i]! * b[i]!;
    return product;
  },
};

/**
 * The `count` vectors nearest to `query` of all `groups`, the best first: exactly those that a comparison of every vector in float64 finds. By Euclidean
 * distance that takes a scan of the codes and a look at the few vectors that it leaves; by the others, which nothing here asks for, a look at every vector.
 * @param before the order of two slots with the same score
 */
export function searchExactly(
  groups: Iterable<VectorRows>,
  vectors: Vectors,
  query: Float32Array,
  count: number,
  distance: DistanceFunction,
  before: (a: number, b: number) => boolean,
): Found[] {
  const candidates = distance === 'EUCLIDEAN' ? nearestCandidates(groups, vectors.scale, query, count) : all(groups);
  const sign = distance === 'DOT_PRODUCT' ? -1 : 1;
  const found: Found[] = [];
  for (const { slot, atLeast } of candidates) {
    const last = found.length === count ? found.at(-1)! : undefined;
    if (last && atLeast > last.score) break;
    const score = scores[distance](query, vectors.vectorOf(slot));
    const isBefore = (other: Found) =>
      sign * (score - other.score) < 0 || (score === other.score && before(slot, other.slot));
    if (last && !isBefore(last)) continue;
    const place = found.findIndex(isBefore);
    found.splice(place < 0 ? found.length : place, 0, { slot, score });
    if (found.length > count) found.pop();
  }
  return found;
}

/** Nothing is known of the distances by other functions than the Euclidean one. */
function* all(groups: Iterable<VectorRows>): Generator<Candidate> {
  for (const rows of groups) {
    for (let row = 0; row < rows.size; row++) yield { slot: rows.slotOf(row), atLeast: Number.NEGATIVE_INFINITY };
  }
}

/**
 * All vectors that can be among the nearest, those first that can be nearest. A vector v is at most `codingError` from what its codes stand for, v′, and the query
 * q exactly |q − q′| from its own; so by the triangle inequality |q − v| and |q′ − v′|, the scale times the distance of their codes, differ by the sum of the two
 * at most. The `count`-th smallest |q′ − v′| plus that sum is a distance within which there certainly are `count` vectors, and what is farther even less
 * that sum cannot be among them.
 */
function nearestCandidates(
  groups: Iterable<VectorRows>,
  scale: number,
  query: Float32Array,
  count: number,
): Candidate[] {
  const codes = new Int8Array(query.length);
  const error = encode(query, scale, codes) + codingError(scale, query.length);
  const leastOf = (squared: number) => scale * Math.sqrt(squared) * (1 - slack) - error;
  const candidates: Candidate[] = [];
  let reach = Number.POSITIVE_INFINITY;
  for (const rows of groups) {
    for (const { codes: chunk, firstRow } of rows.chunks()) {
      const size = chunk.length / query.length;
      let matches: Matches;
      let fetched = count + spareRows;
      for (; ; fetched *= growth) {
        fetched = Math.min(fetched, size);
        matches = scan(chunk, codes, query.length, fetched, MetricKind.L2sq, threads) as Matches;
        const { distances } = matches;
        if (count <= fetched) reach = Math.min(reach, scale * Math.sqrt(distances[count - 1]!) * (1 + slack) + error);
        if (fetched === size || leastOf(distances[fetched - 1]!) > reach) break;
      }
      for (let i = 0; i < fetched && leastOf(matches.distances[i]!) <= reach; i++) {
        const row = firstRow + Number(matches.keys[i]!);
        candidates.push({ slot: rows.slotOf(row), atLeast: leastOf(matches.distances[i]!) });
      }
    }
  }
  return candidates.filter(({ atLeast }) => atLeast <= reach).sort((a, b) => a.atLeast - b.atLeast);
}
