import onnxProto from 'onnx-proto';
import { OnnxGraph, type Value } from './onnx-graph.ts';

const { onnx } = onnxProto;

/** One of the embedders that are joined. */
export interface JoinedPart {
  /** Its graph: "input" to "embedding". */
  readonly graph: Uint8Array;
  /** The mean of its embeddings of many people, each of unit length; its length is the embedder's dimensions. */
  readonly mean: readonly number[];
}

/**
 * Joins embedders that read the same crop, standardised alike. Each part's embedding is scaled to unit length, the mean face is taken off, and it is scaled
 * again; then they stand one behind the other, and the whole has unit length. So each part has the same say: the squared distance is the mean of the parts'.
 */
export function joinEmbedders(name: string, parts: readonly JoinedPart[]): Uint8Array {
  const joint = new OnnxGraph(name, 'joint/');
  const unit = { axis: 1, p: 2 };
  const graphs = parts.map(({ graph }, i) => renamed(graph, `${i}/`));
  const centred = parts.map(({ mean }, i): Value => {
    const data = Float32Array.from(mean);
    const shift = joint.weights(`joint/mean${i}`, { shape: [1, data.length], data });
    const embedding = joint.node('LpNormalization', [`${i}/embedding`], unit);
    return joint.node('LpNormalization', [joint.node('Sub', [embedding, shift])], unit);
  });
  const whole = joint.node('LpNormalization', [joint.node('Concat', centred, { axis: 1 })], unit);
  joint.output('embedding', whole, ['batch', parts.reduce((sum, { mean }) => sum + mean.length, 0)]);
  const behind = joint.proto();
  const model = onnx.ModelProto.decode(parts[0]!.graph);
  model.graph = onnx.GraphProto.create({
    name,
    node: [...graphs.flatMap(({ node }) => node!), ...behind.node!],
    initializer: [...graphs.flatMap(({ initializer }) => initializer!), ...behind.initializer!],
    input: graphs[0]!.input!,
    output: behind.output!,
  });
  return onnx.ModelProto.encode(model).finish();
}

/** A graph whose names begin with a prefix, all but that of the input, which the parts share. */
function renamed(embedder: Uint8Array, prefix: string) {
  const graph = onnx.ModelProto.decode(embedder).graph!;
  const shared = new Set(graph.input!.map(({ name }) => name!));
  const named = (name: string) => (shared.has(name) ? name : `${prefix}${name}`);
  for (const node of graph.node!) {
    node.name = `${prefix}${node.name}`;
    node.input = node.input!.map(named);
    node.output = node.output!.map(named);
  }
  for (const tensor of graph.initializer!) tensor.name = named(tensor.name!);
  return graph;
}
