import onnxProto from 'onnx-proto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildMobilefacenetFaceplugin } from '../../../layers/models/mobilefacenet-faceplugin.ts';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';

const { onnx } = onnxProto;

/** The first pixel through a kernel that sees each plane otherwise, a PReLU, and a shortcut: for one crop, as Faceplugin's file is. */
function small(layer = 'PRelu'): Uint8Array {
  const graph = new OnnxGraph('small');
  const x = graph.input('theirs', [1, 3, 112, 112]);
  const kernel = graph.weights('kernel', { shape: [2, 3, 1, 1], data: Float32Array.of(1, 10, 100, -1, 0, 0) });
  const bias = graph.weights('bias', { shape: [2], data: Float32Array.of(0.5, 0) });
  const map = graph.node('Conv', [x, kernel, bias], { strides: [112, 112], pads: [0, 0, 0, 0] });
  const slopes = graph.weights('slopes', { shape: [2, 1, 1], data: Float32Array.of(0, 0.25) });
  const bent = graph.node(layer, layer === 'PRelu' ? [map, slopes] : [map]);
  graph.output('out', graph.node('Reshape', [graph.node('Add', [bent, map]), graph.integers('shape', [1, 2])]), [1, 2]);
  return withoutIdentity(graph);
}

/** Faceplugin's file ends with the Reshape itself; graphs that are built here end with an Identity, for the output's name. */
function withoutIdentity(graph: OnnxGraph): Uint8Array {
  const model = onnx.ModelProto.decode(graph.serialise());
  model.graph!.node!.pop();
  return onnx.ModelProto.encode(model).finish();
}

describe("the net of Faceplugin's package", () => {
  it('takes R G B where it was taught with B G R, any number of crops at once', async () => {
    const session = await InferenceSession.create(buildMobilefacenetFaceplugin(small()), { logSeverityLevel: 3 });
    const planes = Float32Array.from({ length: 2 * 3 * 112 * 112 }, (_, i) => Math.floor(i / (112 * 112)) + 1);

    const { embedding } = await session.run({ input: new Tensor('float32', planes, [2, 3, 112, 112]) });

    expect(embedding!.dims).toEqual([2, 2]);
    // Of R, G, B = 1, 2, 3 the first kernel makes 100 + 20 + 3 and a half, and the second −3; of 4, 5, 6 it is 456.5 and −6.
    expect([...(embedding!.data as Float32Array)]).toEqual([247, -3.75, 913, -7.5]);
  });

  it('is refused when it has other layers', () => {
    expect(() => buildMobilefacenetFaceplugin(small('Relu'))).toThrow(
      expect.objectContaining({ code: 'MODEL_CORRUPT', message: expect.stringContaining('Relu') }),
    );
  });
});
