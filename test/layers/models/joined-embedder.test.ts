import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../../layers/models/catalog.ts';
import { joinEmbedders } from '../../../layers/models/joined-embedder.ts';
import { meanEmbeddings } from '../../../layers/models/mean-embeddings.ts';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import { toUnitLength } from '../../../lib/vision/distance.ts';
import { sampleCrops } from '../../adapters/sample-crops.ts';

/** x · matrix: two of them have the same names inside. */
function small(matrix: readonly number[]): Uint8Array {
  const graph = new OnnxGraph('small');
  const outputs = matrix.length / 2;
  const weights = graph.weights('matrix', { shape: [2, outputs], data: Float32Array.from(matrix) });
  graph.output('embedding', graph.node('MatMul', [graph.input('input', ['batch', 2]), weights]), ['batch', outputs]);
  return graph.serialise();
}

describe('embedders that were joined', () => {
  it('stand one behind the other, each of unit length after the mean is taken off, and have unit length together', async () => {
    const parts = [
      { graph: small([3, 0, 0, 4]), mean: [0.6, 0] },
      { graph: small([1, 0, 2, 0, 1, 2]), mean: [0, 0, 0] },
    ];
    const session = await InferenceSession.create(joinEmbedders('joint', parts), { logSeverityLevel: 3 });

    const { embedding } = await session.run({ input: new Tensor('float32', Float32Array.of(1, 1), [1, 2]) });

    // The first makes (3, 4), so (0.6, 0.8), so (0, 0.8) off the mean, so (0, 1); the second (1, 1, 4) of length √18.
    const expected = [0, 1, 1 / Math.sqrt(18), 1 / Math.sqrt(18), 4 / Math.sqrt(18)].map((value) => value / Math.SQRT2);
    expect(embedding!.dims).toEqual([1, 5]);
    for (const [i, value] of (embedding!.data as Float32Array).entries()) expect(value).toBeCloseTo(expected[i]!, 6);
  });
});

describe('mobilefacenet-ensemble', () => {
  it('has in its second part what mobilefacenet-faceplugin makes, centred, with half of the squared length', async () => {
    const ensemble = await openEmbedder(modelsFolder(), 'mobilefacenet-ensemble', 1);
    const part = await openEmbedder(modelsFolder(), 'mobilefacenet-faceplugin', 1);
    const crops = await sampleCrops(ensemble.card.crop);
    const { dimensions } = catalog['mobilefacenet-faceplugin'].card;

    const [whole] = await ensemble.embed(crops);
    const [alone] = await part.embed(crops);

    const centred = toUnitLength(alone!.map((value, i) => value - meanEmbeddings.faceplugin[i]!));
    for (const [i, value] of whole!.subarray(-dimensions).entries()) {
      expect(value * Math.SQRT2).toBeCloseTo(centred[i]!, 4);
    }
  });
});
