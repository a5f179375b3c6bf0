/** The largest code: components are whole numbers from -127 to 127. */
const largestCode = 127;
/** Scales are so many steps apart from one doubling to the next. */
const stepsPerDoubling = 4;

/** What one code stands for, so that components up to this size have a code. Scales come in steps, so that a slightly larger vector seldom needs a new one. */
export function scaleFor(largest: number): number {
  if (largest === 0) return 0;
  const step = Math.ceil(Math.log2(largest) * stepsPerDoubling);
  return Math.max(2 ** (step / stepsPerDoubling), largest) / largestCode;
}

/** The largest component that has a code. */
export function largestAt(scale: number): number {
  return scale * largestCode;
}

/** The largest component of a vector, without its sign. */
export function largestOf(vector: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < vector.length; i++) largest = Math.max(largest, Math.abs(vector[i]!));
  return largest;
}

/** Writes the codes of a vector from a place on, and answers how far it is from what they stand for. Components beyond the scale get the last code. */
export function encode(vector: Float32Array, scale: number, codes: Int8Array, at = 0): number {
  const inverse = scale === 0 ? 0 : 1 / scale;
  let sum = 0;
  for (let i = 0; i < vector.length; i++) {
    const value = vector[i]!;
    const code = Math.max(-largestCode, Math.min(largestCode, Math.floor(value * inverse + 0.5)));
    codes[at + i] = code;
    sum += (value - code * scale) ** 2;
  }
  return Math.sqrt(sum);
}

/** How far a vector within the scale is at most from what its codes stand for: half a code in each dimension. */
export function codingError(scale: number, dimensions: number): number {
  return (scale / 2) * Math.sqrt(dimensions);
}
