import { type Matches, MetricKind, exactSearch as scan } from 'usearch';
import type { VectorIndexDefinition } from './definitions.ts';
import type { VectorRows } from './vector-rows.ts';

/** A vector that was found. */
export interface Found {
  readonly rows: VectorRows;
  readonly row: number;
  /** As the distance function says: the distance (smallest first), for DOT_PRODUCT the product (largest first). */
  readonly score: number;
}

type DistanceFunction = VectorIndexDefinition['DistanceFunction'];

/** More rows than asked for are fetched, so that those which float32 could have put in the wrong order are among them. */
const spareRows = 16;

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
 * The `count` vectors nearest to `query` of all `groups`, the best first: exactly those that a comparison of every vector in float64 finds. Ties come in the
 * order of their items' keys.
 */
export function searchExactly(
  groups: Iterable<VectorRows>,
  query: Float32Array,
  count: number,
  distance: DistanceFunction,
): Found[] {
  const candidatesOf = distance === 'EUCLIDEAN' ? nearestCandidates : allRows;
  const found: Found[] = [];
  for (const rows of groups) {
    for (const row of candidatesOf(rows, query, count)) {
      found.push({ rows, row, score: scores[distance](query, rows.vectorOf(row)) });
    }
  }
  const sign = distance === 'DOT_PRODUCT' ? -1 : 1;
  found.sort((a, b) => sign * (a.score - b.score) || (keyOf(a) < keyOf(b) ? -1 : 1));
  return found.slice(0, count);
}

function keyOf({ rows, row }: Found): string {
  return rows.keyOf(row);
}

function* allRows(rows: VectorRows): Generator<number> {
  for (let row = 0; row < rows.size; row++) yield row;
}

/** Rows among which the nearest `count` of every chunk certainly are. */
function* nearestCandidates(rows: VectorRows, query: Float32Array, count: number): Generator<number> {
  // USearch reads from the start of the buffers, whatever part of them it is given.
  const start = query.byteOffset === 0 ? query : query.slice();
  for (const { vectors, firstRow } of rows.chunks()) {
    for (const row of nearestOfChunk(vectors, start, count)) yield firstRow + Number(row);
  }
}

/**
 * Squared distances in float32 are off by a rounding for each dimension at most. So rows that were not fetched are farther than the `count`-th nearest as soon
 * as the last one fetched is by more than that; until then, twice as many are fetched.
 */
function nearestOfChunk(vectors: Float32Array, query: Float32Array, count: number): BigUint64Array {
  const dimensions = query.length;
  const rows = vectors.length / dimensions;
  const tolerance = 1 + 4 * (dimensions + 2) * 2 ** -24;
  for (let fetched = count + spareRows; fetched < rows; fetched *= 2) {
    const { keys, distances } = scan(vectors, query, dimensions, fetched, MetricKind.L2sq) as Matches;
    if (distances[fetched - 1]! > distances[count - 1]! * tolerance) return keys;
  }
  return BigUint64Array.from({ length: rows }, (_, row) => BigInt(row));
}
