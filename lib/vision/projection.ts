/** A learned map from one embedding to another: y = matrix · x + bias, then scaled to unit length. */
export interface Projection {
  /** Dimensions of what goes in and of what comes out. */
  readonly inputs: number;
  readonly outputs: number;
  /** `outputs` rows of `inputs` numbers. */
  readonly matrix: Float32Array;
  /** `outputs` numbers. */
  readonly bias: Float32Array;
}

/** Projects vectors, rows of `inputs` numbers; answers rows of `outputs` numbers, each of unit length. */
export function project(vectors: Float32Array, projection: Projection): Float32Array {
  const rows = vectors.length / projection.inputs;
  const projected = new Float32Array(rows * projection.outputs);
  projectRows(vectors, projection, projected, new Float32Array(rows));
  return projected;
}

/** Projects vectors into `projected`, and writes the length that each row had before it was scaled into `lengths`. */
export function projectRows(
  vectors: Float32Array,
  { inputs, outputs, matrix, bias }: Projection,
  projected: Float32Array,
  lengths: Float32Array,
): void {
  for (let row = 0; row < lengths.length; row++) {
    const from = row * inputs;
    const to = row * outputs;
    let square = 0;
    for (let output = 0, at = 0; output < outputs; output++) {
      let sum = bias[output];
      for (let input = 0; input < inputs; input++) sum += matrix[at++] * vectors[from + input];
      projected[to + output] = sum;
      square += sum * sum;
    }
    const length = Math.sqrt(square) || 1;
    lengths[row] = length;
    for (let output = 0; output < outputs; output++) projected[to + output] /= length;
  }
}
