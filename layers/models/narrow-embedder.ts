import onnxProto from 'onnx-proto';
import { ModelError } from '../../lib/core/errors.ts';
import { floatsOf, OnnxGraph, type Weights } from './onnx-graph.ts';
import { permute } from './permute.ts';
import { principalAxes } from './principal-axes.ts';

const { onnx } = onnxProto;
type Node = InstanceType<typeof onnx.NodeProto>;
type Tensor = InstanceType<typeof onnx.TensorProto>;

/**
 * Gives an embedder fewer dimensions without any data: the linear layers at its end become one, onto the principal axes of their product. What lies beside
 * these axes is what the weights hardly pass on, and turning a vector changes no distance, so with dimensions enough nothing is lost.
 * @throws ModelError MODEL_CORRUPT when the embedder does not end with convolutions of one pixel
 */
export function narrowEmbedder(embedder: Uint8Array, dimensions: number): Uint8Array {
  const model = onnx.ModelProto.decode(embedder);
  const graph = model.graph!;
  const tensors = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensor as Tensor]));
  const convolutions = graph.node!.filter(({ opType }) => opType === 'Conv') as Node[];
  const layers = convolutions.slice(convolutions.findLastIndex((node) => !isPointwise(node, tensors)) + 1);
  const from = graph.node!.indexOf(layers[0]!);
  if (layers.length === 0 || graph.node!.slice(from).some(({ opType }) => !ending.has(opType!))) {
    throw new ModelError('MODEL_CORRUPT', 'Expected an embedder that ends with linear layers, found other ones there.');
  }
  const { kernel, bias } = layers.map((node) => linearOf(node, tensors)).reduce(compose);
  const [outputs, inputs] = kernel.shape as [number, number];
  const axes = { shape: [dimensions, outputs], data: principalAxes(permute(kernel, [1, 0]).data, outputs, dimensions) };
  const narrow = compose({ kernel, bias }, { kernel: axes, bias: new Float32Array(dimensions) });
  const behind = new OnnxGraph('narrow', 'narrow/');
  const weights = [
    behind.weights('narrow/kernel', { shape: [dimensions, inputs, 1, 1], data: narrow.kernel.data }),
    behind.weights('narrow/bias', { shape: [dimensions], data: narrow.bias }),
  ];
  const map = behind.node('Conv', [layers[0]!.input![0]!, ...weights]);
  behind.output('embedding', behind.node('Flatten', [map], { axis: 1 }), ['batch', dimensions]);
  const added = behind.proto();
  const nodes = [...graph.node!.slice(0, from), ...added.node!];
  const used = new Set(nodes.flatMap(({ input }) => input!));
  graph.node = nodes;
  graph.initializer = [...graph.initializer!.filter(({ name }) => used.has(name!)), ...added.initializer!];
  graph.output = added.output!;
  return onnx.ModelProto.encode(model).finish();
}

/** What may stand behind the first of the linear layers. */
const ending = new Set(['Conv', 'Flatten', 'Identity']);

interface Linear {
  /** Outputs × inputs. */
  readonly kernel: Weights;
  readonly bias: Float32Array;
}

function isPointwise({ input, attribute }: Node, tensors: ReadonlyMap<string, Tensor>): boolean {
  const [, , rows, columns] = tensors.get(input![1]!)!.dims!.map(Number);
  const group = attribute!.find(({ name }) => name === 'group');
  return rows === 1 && columns === 1 && Number(group?.i ?? 1) === 1;
}

function linearOf({ input }: Node, tensors: ReadonlyMap<string, Tensor>): Linear {
  const [kernel, bias] = input!.slice(1).map((name) => tensors.get(name)!);
  return {
    kernel: { shape: kernel!.dims!.slice(0, 2).map(Number), data: floatsOf(kernel!) },
    bias: floatsOf(bias!),
  };
}

/** First one layer, then the other, as one. */
function compose(first: Linear, second: Linear): Linear {
  const [middle, inputs] = first.kernel.shape as [number, number];
  const [outputs] = second.kernel.shape as [number];
  const data = new Float32Array(outputs * inputs);
  const bias = new Float32Array(outputs);
  const row = new Float64Array(inputs);
  for (let o = 0; o < outputs; o++) {
    row.fill(0);
    let shift = second.bias[o];
    for (let m = 0, at = o * middle; m < middle; m++, at++) {
      const weight = second.kernel.data[at];
      shift += weight * first.bias[m];
      for (let i = 0, from = m * inputs; i < inputs; i++) row[i] += weight * first.kernel.data[from++];
    }
    data.set(row, o * inputs);
    bias[o] = shift;
  }
  return { kernel: { shape: [outputs, inputs], data }, bias };
}
