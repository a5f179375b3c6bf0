import onnxProto from 'onnx-proto';
import { ModelError } from '../../lib/core/errors.ts';
import { floatsOf, OnnxGraph, type Value } from './onnx-graph.ts';
import { gather } from './permute.ts';

const { onnx } = onnxProto;

/**
 * Takes over Faceplugin's MobileFaceNet (`fr_feature.onnx`), for any number of crops at once. Its package feeds it R G B, but it tells faces apart better when
 * it is fed B G R, as many nets were taught with OpenCV's order: the planes of its first kernels are turned round, so that it takes R G B like the others.
 * Takes crops of 112 × 112, (byte − 127.5) / 128, and answers 512 dimensions, not of unit length.
 * @throws ModelError MODEL_CORRUPT when the file is not that net
 */
export function buildMobilefacenetFaceplugin(file: Uint8Array): Uint8Array {
  const { node: nodes, initializer, input, output: outputs } = onnx.ModelProto.decode(file).graph!;
  const tensors = new Map(initializer!.map((tensor) => [tensor.name!, tensor]));
  const graph = new OnnxGraph('mobilefacenet-faceplugin');
  const values = new Map<string, Value>([[input![0]!.name!, graph.input('input', ['batch', 3, 112, 112])]]);
  const value = (name: string): Value => {
    const known = values.get(name);
    if (known) return known;
    const tensor = tensors.get(name);
    if (!tensor) throw unexpected(`"${name}", which nothing computes`);
    const shape = tensor.dims!.map(Number);
    const data = floatsOf(tensor);
    values.set(name, name);
    return graph.weights(name, { shape, data: shape.length === 4 && shape[1] === 3 ? turned(data, shape) : data });
  };
  let last: Value = '';
  for (const { opType, input: inputs, output, attribute } of nodes!) {
    const whole = (name: string) => attribute!.find((one) => one.name === name)?.ints?.map(Number) ?? [];
    if (opType === 'Conv') {
      const group = Number(attribute!.find(({ name }) => name === 'group')?.i ?? 1);
      last = graph.node('Conv', inputs!.map(value), { strides: whole('strides'), pads: whole('pads'), group });
    } else if (opType === 'PRelu' || opType === 'Add') {
      last = graph.node(opType, inputs!.map(value));
    } else if (opType === 'Reshape') {
      last = graph.node('Flatten', [value(inputs![0]!)], { axis: 1 });
    } else throw unexpected(`${opType} where it has none`);
    values.set(output![0]!, last);
  }
  const dimensions = Number(outputs![0]!.type!.tensorType!.shape!.dim![1]!.dimValue);
  graph.output('embedding', last, ['batch', dimensions]);
  return graph.serialise();
}

/** Kernels of three planes (out × in × rows × columns) with the planes in the other order. */
function turned(data: Float32Array, shape: readonly number[]): Float32Array {
  const [, , rows, columns] = shape as [number, number, number, number];
  const plane = rows * columns;
  return gather(data, { offset: 2 * plane, shape, strides: [3 * plane, -plane, columns, 1] });
}

function unexpected(found: string): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected the layers of Faceplugin's MobileFaceNet, received ${found}. The package is not the one this was made for.`,
  );
}
