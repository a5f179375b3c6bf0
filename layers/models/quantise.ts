import onnxProto from 'onnx-proto';
import { floatsOf } from './onnx-graph.ts';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
type Tensor = InstanceType<typeof onnx.TensorProto>;
type Node = InstanceType<typeof onnx.NodeProto>;

/** The least and the largest value that each activation takes, by its name in the graph. */
export type Ranges = Readonly<Record<string, readonly [least: number, largest: number]>>;

/** The layers that ONNX Runtime has kernels of 8 bits for, as far as these nets use them. */
const quantisable = new Set(['Conv', 'Relu', 'PRelu', 'Add', 'MaxPool', 'AveragePool', 'Pad']);

/** The activations of a graph that have to have a range: what comes out of these layers, and the input. A ReLU right behind is one with its layer. */
export function activationsOf(model: Uint8Array): string[] {
  const { graph } = onnx.ModelProto.decode(model);
  const nodes = graph!.node!;
  const inputs = graph!.input!.map(({ name }) => name!);
  const merged = new Set(nodes.filter(({ opType }) => opType === 'Relu').map(({ input }) => input![0]));
  const outputs = nodes.filter(({ opType }) => quantisable.has(opType!)).map(({ output }) => output![0]!);
  return [...inputs, ...outputs.filter((name) => !merged.has(name))];
}

/**
 * Quantises a graph to 8 bits: activations to unsigned bytes by their range, kernels to signed bytes of −64..64 with a scale for each output, biases to 32
 * bits. The graph says so by pairs of QuantizeLinear and DequantizeLinear, which ONNX Runtime turns into kernels of whole numbers.
 */
export function quantise(model: Uint8Array, ranges: Ranges): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const graph = decoded.graph!;
  const weights = new Map(graph.initializer!.map((tensor) => [tensor.name!, tensor as Tensor]));
  const scales = new Map<string, number>();
  const nodes: Node[] = [];
  const initializers = new Map<string, Tensor>();
  const constant = (name: string, dataType: number, dims: number[], bytes: ArrayBufferView) => {
    const rawData = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    initializers.set(name, onnx.TensorProto.create({ name, dataType, dims, rawData }));
    return name;
  };
  const add = (opType: string, input: string[], output: string, axis?: number) => {
    const attribute =
      axis === undefined ? [] : [{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: axis }];
    nodes.push(onnx.NodeProto.create({ opType, name: output, input, output: [output], attribute }));
  };
  const coarse = (name: string) => {
    const range = ranges[name];
    if (!range) return;
    const least = Math.min(0, range[0]);
    const scale = (Math.max(0, range[1]) - least) / 255 || 1;
    const zero = Math.round(-least / scale);
    const s = constant(`${name}/scale`, DataType.FLOAT, [], Float32Array.of(scale));
    const z = constant(`${name}/zero`, DataType.UINT8, [], Uint8Array.of(zero));
    add('QuantizeLinear', [name, s, z], `${name}/bytes`);
    add('DequantizeLinear', [`${name}/bytes`, s, z], `${name}/coarse`);
    scales.set(name, scale);
  };
  const coarsened = (name: string) => (scales.has(name) ? `${name}/coarse` : name);
  for (const { name } of graph.input!) coarse(name!);
  for (const node of graph.node!) {
    const input = node.input!.map(coarsened);
    if (node.opType === 'Conv') {
      const [x, kernel, bias] = node.input as [string, string, string];
      const inputScale = scales.get(x)!;
      const { bytes, scale } = kernelBytes(weights.get(kernel)!);
      const each = constant(`${kernel}/scale`, DataType.FLOAT, [scale.length], scale);
      const none = constant(`${kernel}/zero`, DataType.INT8, [scale.length], new Int8Array(scale.length));
      const dims = weights.get(kernel)!.dims!.map(Number);
      add(
        'DequantizeLinear',
        [constant(`${kernel}/bytes`, DataType.INT8, dims, bytes), each, none],
        `${kernel}/coarse`,
        0,
      );
      const biasScale = scale.map((value) => value * inputScale);
      const whole = Int32Array.from(floatsOf(weights.get(bias)!), (value, i) => Math.round(value / biasScale[i]));
      const s = constant(`${bias}/scale`, DataType.FLOAT, [scale.length], biasScale);
      const z = constant(`${bias}/zero`, DataType.INT32, [scale.length], new Int32Array(scale.length));
      add(
        'DequantizeLinear',
        [constant(`${bias}/bytes`, DataType.INT32, [scale.length], whole), s, z],
        `${bias}/coarse`,
        0,
      );
      input.splice(1, 2, `${kernel}/coarse`, `${bias}/coarse`);
    } else for (const name of node.input!) if (weights.has(name)) initializers.set(name, weights.get(name)!);
    nodes.push(onnx.NodeProto.create({ ...node, input }));
    coarse(node.output![0]!);
  }
  graph.node = nodes;
  graph.initializer = [...initializers.values()];
  return onnx.ModelProto.encode(decoded).finish();
}

/**
 * The most that a weight may be. x64 CPUs without VNNI add two products of an unsigned and a signed byte in 16 bits, and clip the sum: 2 · 255 · 64 = 32,640
 * still fits, so none has anything to clip.
 */
const largestWeight = 64;

/** Each output's kernel in −64..64, by the largest of its weights. */
function kernelBytes(kernel: Tensor): { readonly bytes: Int8Array; readonly scale: Float32Array } {
  const data = floatsOf(kernel);
  const outputs = Number(kernel.dims![0]);
  const each = data.length / outputs;
  const scale = Float32Array.from({ length: outputs }, (_, i) => {
    let most = 0;
    for (let k = i * each; k < (i + 1) * each; k++) most = Math.max(most, Math.abs(data[k]));
    return most / largestWeight || 1;
  });
  return { bytes: Int8Array.from(data, (value, k) => Math.round(value / scale[Math.floor(k / each)])), scale };
}
