import { ModelError } from '../../lib/core/errors.ts';
import { OnnxGraph, type Value, type Weights } from './onnx-graph.ts';
import type { StateDict } from './pytorch-state-dict.ts';

/** What batch norm adds to a variance: TensorFlow slim's, where the weights were trained. */
const epsilon = 0.001;

/** How far a residual block leads away from its input (Szegedy et al. 2016; the values of facenet, `inception_resnet_v1.py`). */
const scale = { block35: 0.17, block17: 0.1, block8: 0.2, last: 1 } as const;

interface Geometry {
  readonly kernel?: readonly [rows: number, columns: number];
  readonly stride?: 1 | 2;
  readonly padding?: readonly [rows: number, columns: number];
}

/** One convolution of a branch: its outputs, and how it moves over the map. */
type Layer = readonly [channels: number, geometry?: Geometry];

const square = { kernel: [3, 3] } as const satisfies Geometry;
const squareSame = { kernel: [3, 3], padding: [1, 1] } as const satisfies Geometry;
const squareDown = { kernel: [3, 3], stride: 2 } as const satisfies Geometry;

/**
 * Builds FaceNet's Inception-ResNet-v1 of a state dict of facenet-pytorch for crops of 160 × 160, R G B, (byte − 127.5) / 128. Batch norm is folded into
 * the convolutions, and so are the scales of the residual blocks. The embedding, 512 dimensions, leaves with unit length.
 * @throws ModelError MODEL_CORRUPT with a tensor's name, when it is missing, of another shape, or no variance though it should be one
 */
export function buildInceptionResnetV1(weights: Pick<StateDict, 'get'>): Uint8Array {
  const net = new InceptionNet(weights);
  let x = net.graph.input('input', ['batch', 3, 160, 160]);
  x = net.convolution('conv2d_1a', x, 3, [32, squareDown]);
  x = net.convolution('conv2d_2a', x, 32, [32, square]);
  x = net.convolution('conv2d_2b', x, 32, [64, squareSame]);
  x = net.pool(x);
  x = net.convolution('conv2d_3b', x, 64, [80]);
  x = net.convolution('conv2d_4a', x, 80, [192, square]);
  x = net.convolution('conv2d_4b', x, 192, [256, squareDown]);
  for (let i = 0; i < 5; i++) x = block35(net, `repeat_1.${i}`, x);
  x = net.join([
    net.convolution('mixed_6a.branch0', x, 256, [384, squareDown]),
    net.branch('mixed_6a.branch1', x, 256, [[192], [192, squareSame], [256, squareDown]]),
    net.pool(x),
  ]);
  for (let i = 0; i < 10; i++) x = block17(net, `repeat_2.${i}`, x);
  x = net.join([
    net.branch('mixed_7a.branch0', x, 896, [[256], [384, squareDown]]),
    net.branch('mixed_7a.branch1', x, 896, [[256], [256, squareDown]]),
    net.branch('mixed_7a.branch2', x, 896, [[256], [256, squareSame], [256, squareDown]]),
    net.pool(x),
  ]);
  for (let i = 0; i < 5; i++) x = net.graph.node('Relu', [block8(net, `repeat_3.${i}`, x, scale.block8)]);
  x = block8(net, 'block8', x, scale.last);
  x = net.graph.node('Flatten', [net.graph.node('GlobalAveragePool', [x])], { axis: 1 });
  net.graph.output('embedding', net.graph.node('LpNormalization', [net.bottleneck(x)], { axis: 1, p: 2 }), [
    'batch',
    512,
  ]);
  return net.graph.serialise();
}

function block35(net: InceptionNet, name: string, x: Value): Value {
  const branches = [
    net.convolution(`${name}.branch0`, x, 256, [32]),
    net.branch(`${name}.branch1`, x, 256, [[32], [32, squareSame]]),
    net.branch(`${name}.branch2`, x, 256, [[32], [32, squareSame], [32, squareSame]]),
  ];
  return net.graph.node('Relu', [net.residual(name, x, net.join(branches), [96, 256], scale.block35)]);
}

function block17(net: InceptionNet, name: string, x: Value): Value {
  const branches = [
    net.convolution(`${name}.branch0`, x, 896, [128]),
    net.branch(`${name}.branch1`, x, 896, [
      [128],
      [128, { kernel: [1, 7], padding: [0, 3] }],
      [128, { kernel: [7, 1], padding: [3, 0] }],
    ]),
  ];
  return net.graph.node('Relu', [net.residual(name, x, net.join(branches), [256, 896], scale.block17)]);
}

function block8(net: InceptionNet, name: string, x: Value, by: number): Value {
  const branches = [
    net.convolution(`${name}.branch0`, x, 1792, [192]),
    net.branch(`${name}.branch1`, x, 1792, [
      [192],
      [192, { kernel: [1, 3], padding: [0, 1] }],
      [192, { kernel: [3, 1], padding: [1, 0] }],
    ]),
  ];
  return net.residual(name, x, net.join(branches), [384, 1792], by);
}

/** The layers that the blocks share. */
class InceptionNet {
  readonly graph = new OnnxGraph('inception-resnet-v1');
  readonly #weights: Pick<StateDict, 'get'>;

  constructor(weights: Pick<StateDict, 'get'>) {
    this.#weights = weights;
  }

  /** A convolution without bias, batch norm and ReLU (`BasicConv2d`). */
  convolution(name: string, x: Value, inputs: number, [channels, geometry = {}]: Layer): Value {
    const { kernel: [rows, columns] = [1, 1], stride = 1, padding: [above, left] = [0, 0] } = geometry;
    const kernel = this.#weights.get(`${name}.conv.weight`, [channels, inputs, rows, columns]);
    const folded = foldInto(kernel, this.#norm(`${name}.bn`, channels));
    const convolved = this.graph.node('Conv', [x, ...this.#add(name, folded)], {
      strides: [stride, stride],
      pads: [above, left, above, left],
    });
    return this.graph.node('Relu', [convolved]);
  }

  /** Convolutions one after the other, `<name>.0`, `<name>.1` and so on. */
  branch(name: string, x: Value, inputs: number, layers: readonly Layer[]): Value {
    let channels = inputs;
    for (const [i, layer] of layers.entries()) {
      x = this.convolution(`${name}.${i}`, x, channels, layer);
      channels = layer[0];
    }
    return x;
  }

  /** x + by · (a convolution of 1 × 1 over `branches`). */
  residual(name: string, x: Value, branches: Value, [inputs, channels]: readonly [number, number], by: number): Value {
    const kernel = this.#weights.get(`${name}.conv2d.weight`, [channels, inputs, 1, 1]);
    const bias = this.#weights.get(`${name}.conv2d.bias`, [channels]);
    const scaled = foldInto(kernel, {
      scale: new Float64Array(channels).fill(by),
      shift: bias.data.map((b) => b * by),
    });
    return this.graph.node('Add', [x, this.graph.node('Conv', [branches, ...this.#add(`${name}.conv2d`, scaled)])]);
  }

  /** The last layer: 1792 to 512, and its batch norm. */
  bottleneck(x: Value): Value {
    const matrix = this.#weights.get('last_linear.weight', [512, 1792]);
    const folded = foldInto(matrix, this.#norm('last_bn', 512));
    return this.graph.node('Gemm', [x, ...this.#add('last_linear', folded)], { transB: 1 });
  }

  pool(x: Value): Value {
    return this.graph.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2] });
  }

  join(branches: readonly Value[]): Value {
    return this.graph.node('Concat', branches, { axis: 1 });
  }

  #norm(name: string, channels: number): Affine {
    const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
      (part) => this.#weights.get(`${name}.${part}`, [channels]).data,
    );
    if (variance.some((value) => value < 0)) {
      throw new ModelError(
        'MODEL_CORRUPT',
        `Expected the tensor "${name}.running_var" of variances, found negative numbers. The weights are of another net, or the file is broken: fetch it again.`,
      );
    }
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i] + epsilon));
    return { scale, shift: beta.map((value, i) => value - mean[i] * scale[i]) };
  }

  #add(name: string, { kernel, bias }: Folded): [Value, Value] {
    return [this.graph.weights(`${name}.weight`, kernel), this.graph.weights(`${name}.bias`, bias)];
  }
}

/** What becomes of each output channel y: y · scale + shift. */
interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float32Array;
}

interface Folded {
  readonly kernel: Weights;
  readonly bias: Weights;
}

/** Weights, the output channels first, that give what `affine` makes of the outputs of `kernel`. */
function foldInto({ shape, data }: Weights, { scale, shift }: Affine): Folded {
  const each = data.length / scale.length;
  const folded = new Float32Array(data.length);
  for (let channel = 0, at = 0; channel < scale.length; channel++) {
    const by = scale[channel];
    for (const end = at + each; at < end; at++) folded[at] = data[at] * by;
  }
  return { kernel: { shape, data: folded }, bias: { shape: [scale.length], data: shift } };
}
