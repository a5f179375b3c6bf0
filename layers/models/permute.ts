import type { Weights } from './onnx-graph.ts';

/** Reorders the axes of a tensor: axis i of the answer is axis `order[i]` of the input, as numpy's transpose. */
export function permute({ shape, data }: Weights, order: readonly number[]): Weights {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const outShape = order.map((axis) => shape[axis]);
  return {
    shape: outShape,
    data: gather(data, { offset: 0, shape: outShape, strides: order.map((axis) => strides[axis]) }),
  };
}

/** Reads a tensor out of values that lie `strides` apart, axis by axis, from `offset` on; the answer is row-major. All counted in elements. */
export function gather(
  data: Float32Array,
  {
    offset,
    shape,
    strides,
  }: { readonly offset: number; readonly shape: readonly number[]; readonly strides: readonly number[] },
): Float32Array {
  const out = new Float32Array(shape.reduce((product, length) => product * length, 1));
  const index = shape.map(() => 0);
  let from = offset;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
