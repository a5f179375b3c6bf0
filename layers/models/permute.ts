import type { Weights } from './onnx-graph.ts';

/** Reorders the axes of a tensor: axis i of the answer is axis `order[i]` of the input, as numpy's transpose. */
export function permute({ shape, data }: Weights, order: readonly number[]): Weights {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const outShape = order.map((axis) => shape[axis]);
  const outStrides = order.map((axis) => strides[axis]);
  const out = new Float32Array(data.length);
  const index = outShape.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = data[from];
    for (let axis = outShape.length - 1; axis >= 0; axis--) {
      from += outStrides[axis];
      if (++index[axis] < outShape[axis]) break;
      from -= outStrides[axis] * outShape[axis];
      index[axis] = 0;
    }
  }
  return { shape: outShape, data: out };
}
