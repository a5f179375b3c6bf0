import { OnnxGraph, type Value, type Weights } from './onnx-graph.ts';
import { permute } from './permute.ts';
import type { TfjsWeights } from './tfjs-weights.ts';

/**
 * Builds MTCNN's three nets (Zhang et al. 2016). Their published weights were trained on images whose rows and columns are swapped; here the kernels are
 * swapped instead, so the nets take photos as they are. Inputs and outputs are those of lib/vision/mtcnn-nets.ts.
 */
export function buildMtcnn(weights: TfjsWeights): {
  readonly pnet: Uint8Array;
  readonly rnet: Uint8Array;
  readonly onet: Uint8Array;
} {
  return { pnet: buildPnet(weights), rnet: buildRnet(weights), onet: buildOnet(weights) };
}

function buildPnet(weights: TfjsWeights): Uint8Array {
  const net = new MtcnnNet('pnet', weights);
  let x = net.pooledPrelu('conv1', 'prelu1_alpha', net.graph.input('input', ['batch', 3, 'height', 'width']), 2);
  x = net.prelu('prelu2_alpha', net.convolution('conv2', x));
  x = net.prelu('prelu3_alpha', net.convolution('conv3', x));
  const map = ['batch', 'rows', 'columns'] as const;
  net.graph.output('probability', net.faceProbability('conv4_1', x), map);
  net.graph.output('regression', net.convolution('conv4_2', x), ['batch', 4, 'rows', 'columns']);
  return net.graph.serialise();
}

function buildRnet(weights: TfjsWeights): Uint8Array {
  const net = new MtcnnNet('rnet', weights);
  let x = net.pooledPrelu('conv1', 'prelu1_alpha', net.graph.input('input', ['batch', 3, 24, 24]), 3);
  x = net.pooledPrelu('conv2', 'prelu2_alpha', x, 3);
  x = net.prelu('prelu3_alpha', net.convolution('conv3', x));
  x = net.prelu('prelu4_alpha', net.flatten('fc1', x, 3, 64), 1);
  net.graph.output('probability', net.faceProbability('fc2_1', x), ['batch']);
  net.graph.output('regression', net.dense('fc2_2', x), ['batch', 4]);
  return net.graph.serialise();
}

function buildOnet(weights: TfjsWeights): Uint8Array {
  const net = new MtcnnNet('onet', weights);
  let x = net.pooledPrelu('conv1', 'prelu1_alpha', net.graph.input('input', ['batch', 3, 48, 48]), 3);
  x = net.pooledPrelu('conv2', 'prelu2_alpha', x, 3);
  x = net.pooledPrelu('conv3', 'prelu3_alpha', x, 2);
  x = net.prelu('prelu4_alpha', net.convolution('conv4', x));
  x = net.prelu('prelu5_alpha', net.flatten('fc1', x, 3, 128), 1);
  net.graph.output('probability', net.faceProbability('fc2_1', x), ['batch']);
  net.graph.output('regression', net.dense('fc2_2', x), ['batch', 4]);
  net.graph.output('landmarks', net.dense('fc2_3', x), ['batch', 10]);
  return net.graph.serialise();
}

/** The layers that the three nets share, reading the weights of one of them. */
class MtcnnNet {
  readonly graph: OnnxGraph;
  readonly #prefix: string;
  readonly #weights: TfjsWeights;
  /** The order in which the channels of a value come, where it is not that of the weights. */
  readonly #channelOrder = new Map<Value, readonly number[]>();

  constructor(name: string, weights: TfjsWeights) {
    this.graph = new OnnxGraph(`mtcnn-${name}`);
    this.#prefix = `${name}/`;
    this.#weights = weights;
  }

  convolution(layer: string, x: Value): Value {
    const kernel = this.#kernel(layer, x);
    return this.#linear('Conv', layer, x, kernel, this.#weightsOf(`${layer}/bias`));
  }

  dense(layer: string, x: Value): Value {
    return this.#linear('Gemm', layer, x, this.#weightsOf(`${layer}/weights`), this.#weightsOf(`${layer}/bias`));
  }

  /** A dense layer over `side` × `side` maps: its rows come in the order column, row, channel and leave as channel, row, column. */
  flatten(layer: string, x: Value, side: number, channels: number): Value {
    const { shape, data } = this.#weightsOf(`${layer}/weights`);
    const ordered = permute({ shape: [side, side, channels, shape[1]], data }, [2, 1, 0, 3]);
    const flat = this.graph.node('Flatten', [x], { axis: 1 });
    return this.#linear('Gemm', layer, flat, { shape, data: ordered.data }, this.#weightsOf(`${layer}/bias`));
  }

  /** A slope for each channel, the second axis; `rank` is how many axes follow it, plus one. */
  prelu(layer: string, x: Value, rank = 3): Value {
    return this.#prelu(layer, x, this.#weightsOf(layer).data, rank);
  }

  /**
   * A convolution, PReLU, and max pooling by steps of two; the last window may leave the map, as it does with TensorFlow's SAME at these sizes.
   * Pooling goes first, so that PReLU has a quarter of the work and nothing leaves the blocked layout of ONNX Runtime's convolutions before: where the
   * slope a is not negative, the two commute; where it is, PReLU is max(x, a·x), and its maximum that of max x and of max a·x, the latter a channel more.
   */
  pooledPrelu(convolution: string, prelu: string, x: Value, size: 2 | 3): Value {
    const kernel = this.#kernel(convolution, x);
    const bias = this.#weightsOf(`${convolution}/bias`);
    const slopes = [...this.#weightsOf(prelu).data];
    const channels = slopes.map((slope, channel) => ({ slope, channel, factor: 1 }));
    const falling = channels.filter(({ slope }) => slope < 0);
    const rising = channels.filter(({ slope }) => slope >= 0);
    const all = [...falling, ...rising, ...falling.map((channel) => ({ ...channel, factor: channel.slope }))];
    const maps = this.#linear('Conv', convolution, x, scaledRows(kernel, all), scaledRows(bias, all));
    const pooled = this.graph.node('MaxPool', [maps], { kernel_shape: [size, size], strides: [2, 2], ceil_mode: 1 });
    const [least, middle, most] = this.graph.split(pooled, [falling.length, rising.length, falling.length]);
    const risingSlopes = Float32Array.from(rising, ({ slope }) => slope);
    const value = this.graph.node(
      'Concat',
      [this.graph.node('Max', [least, most]), this.#prelu(prelu, middle, risingSlopes, 3)],
      { axis: 1 },
    );
    this.#channelOrder.set(
      value,
      [...falling, ...rising].map(({ channel }) => channel),
    );
    return value;
  }

  /** The second of two classes, without its axis. Softmax over two is the sigmoid of their difference, which the layer gives by itself. */
  faceProbability(layer: string, x: Value): Value {
    const weights = difference(this.#weightsOf(`${layer}/weights`));
    const bias = difference(this.#weightsOf(`${layer}/bias`));
    const logit =
      weights.shape.length === 4
        ? this.#linear('Conv', layer, x, permute(weights, kernelOrder), bias)
        : this.#linear('Gemm', layer, x, weights, bias);
    return this.graph.node('Sigmoid', [this.graph.node('Squeeze', [logit, this.graph.integers('face/axis', [1])])]);
  }

  #linear(opType: 'Conv' | 'Gemm', layer: string, x: Value, weights: Weights, bias: Weights): Value {
    return this.graph.node(opType, [
      x,
      this.graph.weights(`${layer}/weights`, weights),
      this.graph.weights(`${layer}/bias`, bias),
    ]);
  }

  #prelu(layer: string, x: Value, slopes: Float32Array, rank: number): Value {
    const shape = [slopes.length, 1, 1].slice(0, rank);
    return this.graph.node('PRelu', [x, this.graph.weights(layer, { shape, data: slopes })]);
  }

  /** A layer's kernels, out × in × rows × columns, for the channels of `x` in the order in which they come. */
  #kernel(layer: string, x: Value): Weights {
    const kernel = permute(this.#weightsOf(`${layer}/weights`), kernelOrder);
    const order = this.#channelOrder.get(x);
    if (!order) return kernel;
    const swap = [1, 0, 2, 3];
    const inOrder = scaledRows(
      permute(kernel, swap),
      order.map((channel) => ({ channel, factor: 1 })),
    );
    return permute(inOrder, swap);
  }

  #weightsOf(name: string): Weights {
    return this.#weights.get(`${this.#prefix}${name}`);
  }
}

/** Kernels come as columns × rows × in × out and leave as out × in × rows × columns. */
const kernelOrder = [3, 2, 1, 0];

/** Chosen rows of the first axis, each times a factor. */
function scaledRows(
  { shape, data }: Weights,
  rows: readonly { readonly channel: number; readonly factor: number }[],
): Weights {
  const length = data.length / shape[0];
  const out = new Float32Array(rows.length * length);
  for (const [i, { channel, factor }] of rows.entries()) {
    for (let j = 0; j < length; j++) out[i * length + j] = factor * data[channel * length + j];
  }
  return { shape: [rows.length, ...shape.slice(1)], data: out };
}

/** The second of two units less the first; units are the last axis. */
function difference({ shape, data }: Weights): Weights {
  const out = Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + 1] - data[2 * i]);
  return { shape: [...shape.slice(0, -1), 1], data: out };
}
