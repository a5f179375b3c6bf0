import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { narrowEmbedder } from '../../../layers/models/narrow-embedder.ts';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';
import { readEmbedder } from '../../../lib/adapters/model-folder.ts';
import { standardise } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import { euclideanDistance } from '../../../lib/vision/distance.ts';
import { sampleCrops } from '../../adapters/sample-crops.ts';

/** A ReLU, and two linear layers behind it that let two dimensions of three pass, into four. */
function small(last = 'Flatten'): Uint8Array {
  const graph = new OnnxGraph('small');
  const bent = graph.node('Relu', [graph.input('input', ['batch', 3, 1, 1])]);
  const first = graph.weights('first', { shape: [2, 3, 1, 1], data: Float32Array.of(1, 0, 2, 0, 1, -1) });
  const shift = graph.weights('shift', { shape: [2], data: Float32Array.of(0.5, -1) });
  const second = graph.weights('second', { shape: [4, 2, 1, 1], data: Float32Array.of(1, 2, 0, 1, -1, 1, 3, 0) });
  const none = graph.weights('none', { shape: [4], data: new Float32Array(4) });
  const map = graph.node('Conv', [graph.node('Conv', [bent, first, shift]), second, none]);
  graph.output('embedding', graph.node(last, [map]), ['batch', 4]);
  return graph.serialise();
}

async function run(model: Uint8Array, data: Float32Array, shape: readonly number[]): Promise<Float32Array[]> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const { embedding } = await session.run({ input: new Tensor('float32', data, shape) });
  const [rows, dimensions] = embedding!.dims as [number, number];
  const values = embedding!.data as Float32Array;
  return Array.from({ length: rows }, (_, row) => values.slice(row * dimensions, (row + 1) * dimensions));
}

describe('an embedder that was narrowed', () => {
  it('keeps all distances where its linear layers pass no more dimensions on', async () => {
    const data = Float32Array.of(1, 2, 3, 0, 5, 1, 4, 0, 2);

    const wide = await run(small(), data, [3, 3, 1, 1]);
    const narrow = await run(narrowEmbedder(small(), 2), data, [3, 3, 1, 1]);

    expect(narrow.map(({ length }) => length)).toEqual([2, 2, 2]);
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      expect(euclideanDistance(narrow[a]!, narrow[b]!)).toBeCloseTo(euclideanDistance(wide[a]!, wide[b]!), 4);
    }
  });

  it('has the same bytes each time', () => {
    expect(Buffer.from(narrowEmbedder(small(), 2)).equals(narrowEmbedder(small(), 2))).toBe(true);
  });

  it('is refused when it does not end with linear layers', () => {
    expect(() => narrowEmbedder(small('Softmax'), 2)).toThrow(expect.objectContaining({ code: 'MODEL_CORRUPT' }));
  });

  it('is mobilefacenet with a third of its dimensions, whose distances stay as they are', async () => {
    const { card, graph } = await readEmbedder(modelsFolder(), 'mobilefacenet');
    const crops = await sampleCrops(card.crop);
    const input = standardise(crops, card);

    const [a, b] = await run(graph, input, [2, 3, 112, 112]);
    const [c, d] = await run(narrowEmbedder(graph, 64), input, [2, 3, 112, 112]);

    const wide = euclideanDistance(a!, b!);
    expect(Math.abs(euclideanDistance(c!, d!) - wide) / wide).toBeLessThan(1e-3);
  });
});
