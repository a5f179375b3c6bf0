import { ModelError } from '../../lib/core/errors.ts';
import { OnnxGraph, type Value } from './onnx-graph.ts';
import { permute } from './permute.ts';
import { type OperatorName, readTflite, type TfliteOperator, type TfliteTensor } from './tflite.ts';

/** Fields of Conv2DOptions and DepthwiseConv2DOptions in `schema.fbs`, and a padding's values. */
const option = { padding: 0, strideWidth: 1 } as const;
const same = 0;

/** How TensorFlow Lite spells a PReLU: relu(x) + slope / 2 · (x − |x|). */
const preluSpelling: readonly OperatorName[] = ['RELU', 'ABS', 'SUB', 'MUL', 'ADD'];

/**
 * Turns MobileFaceNet (Chen et al. 2018) from TensorFlow Lite into ONNX: planes instead of pixels, PReLUs put together again, any number of crops at once.
 * Takes crops of 112 × 112, R G B, (byte − 127.5) / 128, and answers 192 dimensions, not of unit length.
 * @throws ModelError MODEL_CORRUPT when the file is not that net
 */
export function buildMobilefacenet(tflite: Uint8Array): Uint8Array {
  const { tensors, inputs, outputs, operators } = readTflite(tflite);
  const graph = new OnnxGraph('mobilefacenet');
  const values = new Map<number, Value>([[inputs[0], graph.input('input', ['batch', 3, 112, 112])]]);
  const value = (place: number): Value => {
    const known = values.get(place);
    if (known) return known;
    throw new ModelError(
      'MODEL_CORRUPT',
      `Expected tensor "${tensors[place]?.name}" to be computed before it is used.`,
    );
  };
  for (let i = 0; i < operators.length; i++) {
    let operator = operators[i];
    let result: Value;
    if (operator.name === 'RELU') {
      const spelled = operators.slice(i, i + preluSpelling.length);
      if (spelled.some(({ name }, at) => name !== preluSpelling[at])) throw unexpected(operator);
      const slope = spelled[3].inputs.map((place) => tensors[place]).find((tensor) => tensor.bytes.length > 0);
      if (!slope) throw unexpected(operator);
      result = prelu(graph, value(operator.inputs[0]), slope);
      operator = spelled[4];
      i += spelled.length - 1;
    } else if (operator.name === 'CONV_2D' || operator.name === 'DEPTHWISE_CONV_2D') {
      result = convolution(graph, operator, value(operator.inputs[0]), tensors);
    } else if (operator.name === 'ADD') {
      result = graph.node('Add', operator.inputs.map(value));
    } else if (operator.name === 'RESHAPE') {
      result = graph.node('Flatten', [value(operator.inputs[0])], { axis: 1 });
    } else throw unexpected(operator);
    values.set(operator.outputs[0], result);
  }
  graph.output('embedding', value(outputs[0]), ['batch', 192]);
  return graph.serialise();
}

function convolution(graph: OnnxGraph, operator: TfliteOperator, x: Value, tensors: readonly TfliteTensor[]): Value {
  const [input, kernel, bias] = operator.inputs.map((place) => tensors[place]);
  const depthwise = operator.name === 'DEPTHWISE_CONV_2D';
  const stride = operator.options?.integer(option.strideWidth) ?? 1;
  const [, rows, columns] = kernel.shape;
  const padded = operator.options?.byte(option.padding) === same;
  const [top, bottom] = padded ? samePadding(input.shape[1], rows, stride) : [0, 0];
  const [left, right] = padded ? samePadding(input.shape[2], columns, stride) : [0, 0];
  // Out × rows × columns × in, or 1 × rows × columns × channels: either way the channels of the output come first in ONNX.
  const ordered = permute({ shape: kernel.shape, data: floats(kernel) }, depthwise ? [3, 0, 1, 2] : [0, 3, 1, 2]);
  const weights = graph.weights(kernel.name, ordered);
  const biases = graph.weights(bias.name, { shape: bias.shape, data: floats(bias) });
  return graph.node('Conv', [x, weights, biases], {
    strides: [stride, stride],
    pads: [top, left, bottom, right],
    group: depthwise ? ordered.shape[0] : 1,
  });
}

function prelu(graph: OnnxGraph, x: Value, half: TfliteTensor): Value {
  const data = floats(half).map((value) => 2 * value);
  return graph.node('PRelu', [x, graph.weights(half.name, { shape: [data.length, 1, 1], data })]);
}

/** TensorFlow's SAME: of an odd number of zeros, the odd one stands behind. */
function samePadding(side: number, kernel: number, stride: number): readonly [before: number, behind: number] {
  const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

function floats({ bytes }: TfliteTensor): Float32Array {
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

function unexpected({ name }: TfliteOperator): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected mobilefacenet's layers, received ${name} where it has none. The package is not the one this was made for.`,
  );
}
