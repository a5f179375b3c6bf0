import { OnnxGraph, type Value } from './onnx-graph.ts';
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
  let x = net.graph.input('input', ['batch', 3, 'height', 'width']);
  x = net.prelu('prelu1_alpha', net.convolution('conv1', x));
  x = net.pool(x, 2);
  x = net.prelu('prelu2_alpha', net.convolution('conv2', x));
  x = net.prelu('prelu3_alpha', net.convolution('conv3', x));
  const map = ['batch', 'rows', 'columns'] as const;
  net.graph.output('probability', net.faceProbability(net.convolution('conv4_1', x)), map);
  net.graph.output('regression', net.convolution('conv4_2', x), ['batch', 4, 'rows', 'columns']);
  return net.graph.serialise();
}

function buildRnet(weights: TfjsWeights): Uint8Array {
  const net = new MtcnnNet('rnet', weights);
  let x = net.graph.input('input', ['batch', 3, 24, 24]);
  x = net.pool(net.prelu('prelu1_alpha', net.convolution('conv1', x)), 3);
  x = net.pool(net.prelu('prelu2_alpha', net.convolution('conv2', x)), 3);
  x = net.prelu('prelu3_alpha', net.convolution('conv3', x));
  x = net.prelu('prelu4_alpha', net.flatten('fc1', x, 3, 64), 1);
  net.graph.output('probability', net.faceProbability(net.dense('fc2_1', x)), ['batch']);
  net.graph.output('regression', net.dense('fc2_2', x), ['batch', 4]);
  return net.graph.serialise();
}

function buildOnet(weights: TfjsWeights): Uint8Array {
  const net = new MtcnnNet('onet', weights);
  let x = net.graph.input('input', ['batch', 3, 48, 48]);
  x = net.pool(net.prelu('prelu1_alpha', net.convolution('conv1', x)), 3);
  x = net.pool(net.prelu('prelu2_alpha', net.convolution('conv2', x)), 3);
  x = net.pool(net.prelu('prelu3_alpha', net.convolution('conv3', x)), 2);
  x = net.prelu('prelu4_alpha', net.convolution('conv4', x));
  x = net.prelu('prelu5_alpha', net.flatten('fc1', x, 3, 128), 1);
  net.graph.output('probability', net.faceProbability(net.dense('fc2_1', x)), ['batch']);
  net.graph.output('regression', net.dense('fc2_2', x), ['batch', 4]);
  net.graph.output('landmarks', net.dense('fc2_3', x), ['batch', 10]);
  return net.graph.serialise();
}

/** The layers that the three nets share, reading the weights of one of them. */
class MtcnnNet {
  readonly graph: OnnxGraph;
  readonly #prefix: string;
  readonly #weights: TfjsWeights;

  constructor(name: string, weights: TfjsWeights) {
    this.graph = new OnnxGraph(`mtcnn-${name}`);
    this.#prefix = `${name}/`;
    this.#weights = weights;
  }

  /** Kernels come as columns × rows × in × out and leave as out × in × rows × columns. */
  convolution(layer: string, x: Value): Value {
    const kernel = this.graph.weights(
      `${layer}/kernel`,
      permute(this.#weights.get(`${this.#prefix}${layer}/weights`), [3, 2, 1, 0]),
    );
    return this.graph.node('Conv', [x, kernel, this.#bias(layer)]);
  }

  dense(layer: string, x: Value): Value {
    const matrix = this.graph.weights(`${layer}/matrix`, this.#weights.get(`${this.#prefix}${layer}/weights`));
    return this.graph.node('Gemm', [x, matrix, this.#bias(layer)]);
  }

  /** A dense layer over `side` × `side` maps: its rows come in the order column, row, channel and leave as channel, row, column. */
  flatten(layer: string, x: Value, side: number, channels: number): Value {
    const { shape, data } = this.#weights.get(`${this.#prefix}${layer}/weights`);
    const units = shape[1];
    const ordered = permute({ shape: [side, side, channels, units], data }, [2, 1, 0, 3]);
    const matrix = this.graph.weights(`${layer}/matrix`, { shape, data: ordered.data });
    return this.graph.node('Gemm', [this.graph.node('Flatten', [x], { axis: 1 }), matrix, this.#bias(layer)]);
  }

  /** A slope for each channel, the second axis; `rank` is how many axes follow it, plus one. */
  prelu(layer: string, x: Value, rank = 3): Value {
    const { data } = this.#weights.get(`${this.#prefix}${layer}`);
    const shape = [data.length, 1, 1].slice(0, rank);
    return this.graph.node('PRelu', [x, this.graph.weights(layer, { shape, data })]);
  }

  /** Max pooling by steps of two; the last window may leave the map, as it does with TensorFlow's SAME at these sizes. */
  pool(x: Value, size: 2 | 3): Value {
    return this.graph.node('MaxPool', [x], { kernel_shape: [size, size], strides: [2, 2], ceil_mode: 1 });
  }

  /** The second of two classes, without its axis. */
  faceProbability(x: Value): Value {
    const index = this.graph.integers('face/index', [1]);
    const axis = this.graph.integers('face/axis', [1]);
    const face = this.graph.node('Gather', [this.graph.node('Softmax', [x], { axis: 1 }), index], { axis: 1 });
    return this.graph.node('Squeeze', [face, axis]);
  }

  #bias(layer: string): Value {
    return this.graph.weights(`${layer}/bias`, this.#weights.get(`${this.#prefix}${layer}/bias`));
  }
}
