import onnxProto from 'onnx-proto';
import { floatsOf } from './onnx-graph.ts';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;

/** The largest number that 16 bits hold. */
const largest = 65_504;

/**
 * Stores the kernels and matrices of a graph in 16 bits (IEEE 754 binary16), which halves its file. The graph casts them back, which ONNX Runtime does once,
 * when it opens it; all is computed in 32 bits as before. A weight is off by 1/2048 of itself at most, or by 3e-8 where it is smaller than 6e-5. One with
 * values beyond 65,504 stays as it is.
 */
export function halveWeights(model: Uint8Array): Uint8Array {
  const decoded = onnx.ModelProto.decode(model);
  const graph = decoded.graph!;
  const casts: InstanceType<typeof onnx.NodeProto>[] = [];
  for (const tensor of graph.initializer!) {
    if (tensor.dataType !== DataType.FLOAT || tensor.dims!.length < 2) continue;
    const values = floatsOf(tensor);
    if (values.some((value) => Math.abs(value) > largest)) continue;
    const output = [tensor.name!];
    tensor.name = `${tensor.name}/half`;
    tensor.dataType = DataType.FLOAT16;
    tensor.rawData = new Uint8Array(halves(values).buffer);
    const to = onnx.AttributeProto.create({
      name: 'to',
      type: onnx.AttributeProto.AttributeType.INT,
      i: DataType.FLOAT,
    });
    casts.push(
      onnx.NodeProto.create({ opType: 'Cast', name: tensor.name, input: [tensor.name], output, attribute: [to] }),
    );
  }
  graph.node!.unshift(...casts);
  return onnx.ModelProto.encode(decoded).finish();
}

/** The bits of numbers within ±65,504 in 16 bits each, rounded to the nearest, of two equally near ones to the even one. */
export function halves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const half = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) half[i] = halfOf(bits[i]);
  return half;
}

/** The same for one number, from the bits that it has in 32. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  // The exponent counts from −127 in 32 bits, from −15 in 16; below that, numbers have no leading one, and fewer digits the smaller they are.
  const exponent = ((bits >>> 23) & 0xff) - 112;
  if (exponent < -10) return sign;
  const isSubnormal = exponent <= 0;
  const digits = (bits & 0x7fffff) | (isSubnormal ? 0x800000 : exponent << 23);
  const dropped = isSubnormal ? 14 - exponent : 13;
  const kept = digits >>> dropped;
  const rest = digits & ((1 << dropped) - 1);
  const middle = 1 << (dropped - 1);
  return sign | (rest > middle || (rest === middle && kept & 1) ? kept + 1 : kept);
}
