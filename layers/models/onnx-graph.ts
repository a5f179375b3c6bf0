import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;

/** The operator set and IR version of every graph made here; ONNX Runtime 1.10 and newer read them. */
const opset = 13;
const irVersion = 8;

/** A tensor of weights: row-major, as ONNX lays it out. */
export interface Weights {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Attribute = number | readonly number[] | { readonly float: number } | string;

/** The name of a value that flows through a graph. */
export type Value = string;

/** Builds an ONNX graph, one node after the other. The same calls give the same bytes. */
export class OnnxGraph {
  readonly #name: string;
  readonly #prefix: string;
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[] = [];
  readonly #initializers: InstanceType<typeof onnx.TensorProto>[] = [];
  readonly #inputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];
  readonly #outputs: InstanceType<typeof onnx.ValueInfoProto>[] = [];

  /** @param prefix of the names of its nodes, for a graph that becomes part of another */
  constructor(name: string, prefix = '') {
    this.#name = name;
    this.#prefix = prefix;
  }

  /** Declares a float32 input. A dimension given as text may be of any length. */
  input(name: string, shape: readonly (number | string)[]): Value {
    this.#inputs.push(valueInfo(name, shape));
    return name;
  }

  /** Declares a value as a float32 output under `name`. */
  output(name: string, value: Value, shape: readonly (number | string)[]): void {
    this.#nodes.push(onnx.NodeProto.create({ opType: 'Identity', input: [value], output: [name], name }));
    this.#outputs.push(valueInfo(name, shape));
  }

  /** Adds float32 weights. */
  weights(name: string, { shape, data }: Weights): Value {
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const dataType = onnx.TensorProto.DataType.FLOAT;
    this.#initializers.push(onnx.TensorProto.create({ name, dims: [...shape], dataType, rawData }));
    return name;
  }

  /** Adds 64-bit integers, such as axes or a shape. */
  integers(name: string, values: readonly number[]): Value {
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const dataType = onnx.TensorProto.DataType.INT64;
    this.#initializers.push(onnx.TensorProto.create({ name, dims: [values.length], dataType, rawData }));
    return name;
  }

  /** Adds a node with one output and answers it. Whole numbers become integer attributes; give a fraction as `{ float }`. */
  node(opType: string, input: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const name = `${this.#prefix}${opType}_${this.#nodes.length}`;
    const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
    this.#nodes.push(onnx.NodeProto.create({ opType, input: [...input], output: [name], name, attribute }));
    return name;
  }

  /** Cuts a value along its second axis into parts of the given lengths. */
  split(x: Value, lengths: readonly number[]): Value[] {
    const name = `Split_${this.#nodes.length}`;
    const output = lengths.map((_, i) => `${name}_${i}`);
    const input = [x, this.integers(`${name}/lengths`, lengths)];
    const attribute = [attributeOf('axis', 1)];
    this.#nodes.push(onnx.NodeProto.create({ opType: 'Split', input, output, name, attribute }));
    return output;
  }

  /** The graph as a part of a model, or of another graph. */
  proto(): InstanceType<typeof onnx.GraphProto> {
    return onnx.GraphProto.create({
      name: this.#name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    });
  }

  /** The bytes of the model's file. */
  serialise(): Uint8Array {
    const model = onnx.ModelProto.create({
      irVersion,
      producerName: 'facenet-serverless',
      opsetImport: [{ domain: '', version: opset }],
      graph: this.proto(),
    });
    return onnx.ModelProto.encode(model).finish();
  }
}

/** The numbers of a float32 tensor of a graph. */
export function floatsOf({ rawData }: { readonly rawData?: Uint8Array | null }): Float32Array {
  return new Float32Array(Uint8Array.from(rawData!).buffer);
}

function valueInfo(name: string, shape: readonly (number | string)[]) {
  const dim = shape.map((length) => (typeof length === 'number' ? { dimValue: length } : { dimParam: length }));
  const elemType = onnx.TensorProto.DataType.FLOAT;
  return onnx.ValueInfoProto.create({ name, type: { tensorType: { elemType, shape: { dim } } } });
}

function attributeOf(name: string, value: Attribute) {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === 'number') return onnx.AttributeProto.create({ name, type: AttributeType.INT, i: value });
  if (typeof value === 'string') {
    return onnx.AttributeProto.create({ name, type: AttributeType.STRING, s: new TextEncoder().encode(value) });
  }
  if ('float' in value) return onnx.AttributeProto.create({ name, type: AttributeType.FLOAT, f: value.float });
  return onnx.AttributeProto.create({ name, type: AttributeType.INTS, ints: [...value] });
}
