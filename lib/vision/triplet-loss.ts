/** Faces of a batch, by their rows: an anchor, another face of the same person, and one of somebody else. */
export interface Triplets {
  readonly anchors: Int32Array;
  readonly positives: Int32Array;
  readonly negatives: Int32Array;
}

/** The squared distances between all rows of unit length, `rows` × `rows`: 2 − 2 · (a · b). */
export function squaredDistances(vectors: Float32Array, rows: number, dimensions: number): Float32Array {
  const distances = new Float32Array(rows * rows);
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b < a; b++) {
      let dot = 0;
      for (let i = 0, x = a * dimensions, y = b * dimensions; i < dimensions; i++) dot += vectors[x++] * vectors[y++];
      const distance = Math.max(0, 2 - 2 * dot);
      distances[a * rows + b] = distance;
      distances[b * rows + a] = distance;
    }
  }
  return distances;
}

/**
 * Picks the triplets that a batch learns from, as FaceNet does (Schroff et al. 2015, 3.2): every pair of faces of a person, and for each the semi-hard
 * negative, the nearest one that is farther from the anchor than the positive. One that is farther by `margin` or more teaches nothing and is left out;
 * one that is nearer than the positive would, early on, draw all vectors into one point.
 * @param distances squared, rows × rows
 * @param people whose face each row is
 */
export function semiHardTriplets(distances: Float32Array, people: Int32Array, margin: number): Triplets {
  const rows = people.length;
  const anchors: number[] = [];
  const positives: number[] = [];
  const negatives: number[] = [];
  for (let anchor = 0; anchor < rows; anchor++) {
    const person = people[anchor];
    const from = anchor * rows;
    for (let positive = 0; positive < rows; positive++) {
      if (positive === anchor || people[positive] !== person) continue;
      const near = distances[from + positive];
      let nearest = near + margin;
      let negative = -1;
      for (let other = 0; other < rows; other++) {
        const distance = distances[from + other];
        if (distance <= near || distance >= nearest || people[other] === person) continue;
        nearest = distance;
        negative = other;
      }
      if (negative < 0) continue;
      anchors.push(anchor);
      positives.push(positive);
      negatives.push(negative);
    }
  }
  return {
    anchors: Int32Array.from(anchors),
    positives: Int32Array.from(positives),
    negatives: Int32Array.from(negatives),
  };
}

/**
 * The triplet loss of FaceNet over triplets of vectors, the mean of max(0, |a − p|² − |a − n|² + margin). Its gradient by each vector is added to
 * `gradient`, which is laid out as `vectors`.
 */
export function tripletLoss(
  vectors: Float32Array,
  dimensions: number,
  { anchors, positives, negatives }: Triplets,
  margin: number,
  gradient: Float32Array,
): number {
  const share = 2 / Math.max(1, anchors.length);
  let loss = 0;
  for (let i = 0; i < anchors.length; i++) {
    const a = anchors[i] * dimensions;
    const p = positives[i] * dimensions;
    const n = negatives[i] * dimensions;
    let near = 0;
    let far = 0;
    for (let k = 0; k < dimensions; k++) {
      const toPositive = vectors[a + k] - vectors[p + k];
      const toNegative = vectors[a + k] - vectors[n + k];
      near += toPositive * toPositive;
      far += toNegative * toNegative;
    }
    const excess = near - far + margin;
    if (excess <= 0) continue;
    loss += excess;
    for (let k = 0; k < dimensions; k++) {
      const anchor = vectors[a + k];
      const positive = vectors[p + k];
      const negative = vectors[n + k];
      gradient[a + k] += share * (negative - positive);
      gradient[p + k] += share * (positive - anchor);
      gradient[n + k] += share * (anchor - negative);
    }
  }
  return loss / Math.max(1, anchors.length);
}
