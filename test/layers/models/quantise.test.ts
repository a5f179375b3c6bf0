import { createHash } from 'node:crypto';
import onnxProto from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../../layers/models/catalog.ts';
import { dlibResnetRanges } from '../../../layers/models/dlib-resnet-ranges.ts';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';
import { activationsOf, quantise } from '../../../layers/models/quantise.ts';
import { readEmbedder } from '../../../lib/adapters/model-folder.ts';
import { standardise } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import { euclideanDistance, toUnitLength } from '../../../lib/vision/distance.ts';
import { sampleCrops } from '../../adapters/sample-crops.ts';

const { onnx } = onnxProto;

/** relu(2x + 1), and beside it −3x: two outputs of one kernel each, of very different size. */
function small(): Uint8Array {
  const graph = new OnnxGraph('small');
  const x = graph.input('input', ['batch', 1, 1, 1]);
  const kernel = graph.weights('kernel', { shape: [2, 1, 1, 1], data: Float32Array.of(2, -0.003) });
  const bias = graph.weights('bias', { shape: [2], data: Float32Array.of(1, 0.001) });
  graph.output('output', graph.node('Relu', [graph.node('Conv', [x, kernel, bias])]), ['batch', 2, 1, 1]);
  return graph.serialise();
}

async function run(model: Uint8Array, input: Tensor): Promise<Float32Array> {
  const session = await InferenceSession.create(model, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const [output] = Object.values(await session.run({ input }));
  return output!.data as Float32Array;
}

describe('a quantised graph', () => {
  it('needs a range for its input and each layer, a ReLU being one with the layer before it', () => {
    expect(activationsOf(small())).toEqual(['input', 'Relu_1']);
  });

  it('computes what the graph did, to a step of its ranges', async () => {
    const model = quantise(small(), { input: [-1, 1], Relu_1: [0, 3] });

    const output = await run(model, new Tensor('float32', Float32Array.of(0.5), [1, 1, 1, 1]));

    expect(Math.abs(output[0] - 2)).toBeLessThan(2 / 100);
    expect(output[1]).toBe(0);
  });

  it('has no two products of a byte and a weight that a CPU without VNNI would have to clip at 16 bits', () => {
    const { initializer } = onnx.ModelProto.decode(quantise(small(), { input: [-1, 1], Relu_1: [0, 3] })).graph!;

    const kernel = new Int8Array(initializer!.find(({ name }) => name === 'kernel/bytes')!.rawData!);

    expect(2 * 255 * Math.max(...kernel.map(Math.abs))).toBeLessThan(2 ** 15);
    expect([...kernel]).toEqual([64, -64]);
  });
});

describe('dlib-resnet in 8 bits', () => {
  it('is the file that the catalog pins, and embeds as the float one does', async () => {
    const { card, graph } = await readEmbedder(modelsFolder(), 'dlib-resnet');

    const model = quantise(graph, dlibResnetRanges);

    const pinned = catalog['dlib-resnet-int8'].files['dlib-resnet-int8.onnx'];
    expect(createHash('sha256').update(model).digest('hex')).toBe(pinned);
    for (const crop of await sampleCrops(card.crop)) {
      const input = new Tensor('float32', standardise([crop], card), [1, 3, 150, 150]);
      const [coarse, fine] = [await run(model, input), await run(graph, input)].map((v) => toUnitLength(v.slice()));
      // Strangers of this embedder are 0.57 apart in the median; over the 20 sure faces of the sample photos it was 0.023 to 0.038.
      expect(euclideanDistance(coarse!, fine!)).toBeLessThan(0.05);
    }
  });
});
