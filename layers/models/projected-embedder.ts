import onnxProto from 'onnx-proto';
import { ModelError } from '../../lib/core/errors.ts';
import type { Projection } from '../../lib/vision/projection.ts';
import { OnnxGraph } from './onnx-graph.ts';

const { onnx } = onnxProto;

const output = 'embedding';
/** What values and weights of the projection are called, so that none of the embedder before it is called the same. */
const prefix = 'projection/';

/**
 * Puts a projection behind an embedder: its embedding is scaled to unit length, projected, and scaled again. The answer is one ONNX file with the inputs
 * of the embedder.
 * @throws ModelError MODEL_CORRUPT when the embedder gives no "embedding" of as many dimensions as the projection takes
 */
export function projectedEmbedder(embedder: Uint8Array, { inputs, outputs, matrix, bias }: Projection): Uint8Array {
  const model = onnx.ModelProto.decode(embedder);
  const graph = model.graph!;
  const last = graph.node!.find((node) => node.output?.includes(output));
  const dimensions = Number(graph.output?.[0]?.type?.tensorType?.shape?.dim?.[1]?.dimValue);
  if (!last || dimensions !== inputs) {
    throw new ModelError(
      'MODEL_CORRUPT',
      `Expected an embedder that gives "${output}" of ${inputs} dimensions, found ${dimensions || 'none'}. Teach a projection of this one.`,
    );
  }
  last.name = `${prefix}before`;
  last.output = last.output!.map((name) => (name === output ? `${prefix}before` : name));
  const behind = new OnnxGraph('projection', prefix);
  const unit = { axis: 1, p: 2 };
  const before = behind.node('LpNormalization', [`${prefix}before`], unit);
  const weights = [
    behind.weights(`${prefix}matrix`, { shape: [outputs, inputs], data: matrix }),
    behind.weights(`${prefix}bias`, { shape: [outputs], data: bias }),
  ];
  const projected = behind.node('Gemm', [before, ...weights], { transB: 1 });
  behind.output(output, behind.node('LpNormalization', [projected], unit), ['batch', outputs]);
  const added = behind.proto();
  graph.node!.push(...added.node!);
  graph.initializer!.push(...added.initializer!);
  graph.output = added.output!;
  return onnx.ModelProto.encode(model).finish();
}
