/** The Euclidean distance between two unit vectors of one model, 0 (the same) to 2 (opposite), as FaceNet measures it. */
export function euclideanDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] - b[i];
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** The Euclidean distance between two unit vectors that lie in one array, each from a place on, 0..2. */
export function rowDistance(vectors: Float32Array, a: number, b: number, dimensions: number): number {
  let sum = 0;
  for (let k = 0; k < dimensions; k++) {
    const difference = vectors[a + k] - vectors[b + k];
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}

/** Scales a vector to unit length, in place; a vector of zeros stays one. */
export function toUnitLength(vector: Float32Array): Float32Array {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] * vector[i];
  if (sum === 0) return vector;
  const scale = 1 / Math.sqrt(sum);
  for (let i = 0; i < vector.length; i++) vector[i] *= scale;
  return vector;
}
