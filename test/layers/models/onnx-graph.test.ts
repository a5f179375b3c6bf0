import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';

/** leakyRelu(x + [1, 2]), then flattened: weights, integers in attributes, a fraction, a dimension of any length. */
function build(): Uint8Array {
  const graph = new OnnxGraph('small');
  const x = graph.input('input', ['batch', 2, 1]);
  const sum = graph.node('Add', [x, graph.weights('shift', { shape: [2, 1], data: Float32Array.of(1, 2) })]);
  const bent = graph.node('LeakyRelu', [sum], { alpha: { float: 0.5 } });
  const padded = graph.node('Pad', [bent, graph.integers('behind', [0, 0, 0, 0, 0, 1])]);
  graph.output('output', graph.node('Flatten', [padded], { axis: 1 }), ['batch', 4]);
  return graph.serialise();
}

describe('a graph that was built', () => {
  it('runs in ONNX Runtime, for any number of inputs at once', async () => {
    const session = await InferenceSession.create(build(), { logSeverityLevel: 3 });
    const input = new Tensor('float32', Float32Array.of(1, 2, -3, -4), [2, 2, 1]);

    const { output } = await session.run({ input });

    expect(output!.dims).toEqual([2, 4]);
    expect([...(output!.data as Float32Array)]).toEqual([2, 0, 4, 0, -1, 0, -1, 0]);
  });

  it('has the same bytes each time', () => {
    expect(Buffer.from(build()).equals(build())).toBe(true);
  });
});
