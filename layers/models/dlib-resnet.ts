import { OnnxGraph, type Value, type Weights } from './onnx-graph.ts';
import { permute } from './permute.ts';
import type { TfjsWeights } from './tfjs-weights.ts';

/** The blocks after the stem, in order; a `down` block halves the map, and doubles the channels where the weights do. */
const blocks = [
  'conv32_1',
  'conv32_2',
  'conv32_3',
  'conv64_down',
  'conv64_1',
  'conv64_2',
  'conv64_3',
  'conv128_down',
  'conv128_1',
  'conv128_2',
  'conv256_down',
  'conv256_1',
  'conv256_2',
  'conv256_down_out',
] as const;

/**
 * Builds dlib's face recognition ResNet (29 convolutions, 128 dimensions) for crops of 150 × 150, R G B, (byte − mean) / 256. The affine layer after each
 * convolution is folded into it. The embedding leaves as dlib gives it, not of unit length.
 */
export function buildDlibResnet(weights: TfjsWeights): Uint8Array {
  const graph = new OnnxGraph('dlib-resnet');
  const convolution = (layer: string, x: Value, stride: 1 | 2) => {
    const { kernel, bias } = foldScale(weights, layer);
    const edge = stride === 1 ? 1 : 0;
    const inputs = [x, graph.weights(`${layer}/kernel`, kernel), graph.weights(`${layer}/bias`, bias)];
    return graph.node('Conv', inputs, { strides: [stride, stride], pads: [edge, edge, edge, edge] });
  };
  let x = graph.input('input', ['batch', 3, 150, 150]);
  x = graph.node('Relu', [convolution('conv32_down', x, 2)]);
  x = graph.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2] });
  let side = 35;
  let channels = 32;
  for (const block of blocks) {
    const down = block.includes('down');
    let shortcut = x;
    let y = graph.node('Relu', [convolution(`${block}/conv1`, x, down ? 2 : 1)]);
    y = convolution(`${block}/conv2`, y, 1);
    if (down) {
      const convolved = ((side - 3) >> 1) + 1;
      const pooled = side >> 1;
      const widened = weights.get(`${block}/conv2/conv/bias`).data.length;
      shortcut = graph.node('AveragePool', [shortcut], { kernel_shape: [2, 2], strides: [2, 2] });
      if (widened > channels) shortcut = pad(graph, `${block}/channels`, shortcut, [0, widened - channels, 0, 0]);
      if (pooled > convolved) y = pad(graph, `${block}/edge`, y, [0, 0, 1, 1]);
      side = pooled;
      channels = widened;
    }
    x = graph.node('Relu', [graph.node('Add', [y, shortcut])]);
  }
  const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [x])], { axis: 1 });
  const embedding = graph.node('MatMul', [pooled, graph.weights('fc', weights.get('fc'))]);
  graph.output('embedding', embedding, ['batch', 128]);
  return graph.serialise();
}

/** Adds zeros behind each axis (batch, channels, rows, columns). */
function pad(graph: OnnxGraph, name: string, x: Value, behind: readonly number[]): Value {
  return graph.node('Pad', [x, graph.integers(name, [0, 0, 0, 0, ...behind])]);
}

/** Kernels come as rows × columns × in × out and leave as out × in × rows × columns, scaled for each output. */
function foldScale(weights: TfjsWeights, layer: string): { readonly kernel: Weights; readonly bias: Weights } {
  const kernel = permute(weights.get(`${layer}/conv/filters`), [3, 2, 0, 1]);
  const bias = weights.get(`${layer}/conv/bias`);
  const scale = weights.get(`${layer}/scale/weights`).data;
  const shift = weights.get(`${layer}/scale/biases`).data;
  const each = kernel.data.length / scale.length;
  return {
    kernel: { shape: kernel.shape, data: kernel.data.map((value, i) => value * scale[Math.floor(i / each)]) },
    bias: { shape: bias.shape, data: bias.data.map((value, i) => value * scale[i] + shift[i]) },
  };
}
