import type { DistanceFunction } from '../../../local/dynamodb/exact-search.ts';

/** What a comparison of a vector with every other finds, in float64: keys and scores, the best first, ties in the order of the keys. */
export function bruteForce(
  vectors: ReadonlyMap<string, Float32Array>,
  query: Float32Array,
  count: number,
  distance: DistanceFunction = 'EUCLIDEAN',
): { readonly key: string; readonly score: number }[] {
  const sign = distance === 'DOT_PRODUCT' ? -1 : 1;
  return Array.from(vectors, ([key, vector]) => ({ key, score: scores[distance](query, vector) }))
    .sort((a, b) => sign * (a.score - b.score) || (a.key < b.key ? -1 : 1))
    .slice(0, count);
}

const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const scores: Readonly<Record<DistanceFunction, (a: Float32Array, b: Float32Array) => number>> = {
  EUCLIDEAN: (a, b) => Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0)),
  COSINE: (a, b) => 1 - product(a, b) / (Math.sqrt(product(a, a) * product(b, b)) || 1),
  DOT_PRODUCT: product,
};
