import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { halves, halveWeights } from '../../../layers/models/half-weights.ts';
import { OnnxGraph } from '../../../layers/models/onnx-graph.ts';
import { seededRandom } from '../../../lib/vision/seeded-random.ts';

/** What 16 bits stand for, by the definition of IEEE 754: sign, five digits of exponent, ten of fraction. */
function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

describe('numbers in 16 bits', () => {
  it.each([
    [1, 0x3c00],
    [-2, 0xc000],
    [0, 0],
    [65_504, 0x7bff],
    [1 / 3, 0x3555],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    // Halfway between two: the even one.
    [2 ** -25, 0x0000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    // Rounded up into the next power of two.
    [2 - 2 ** -12, 0x4000],
  ])('%d is what IEEE 754 says', (value, bits) => {
    expect([...halves(Float32Array.of(value))]).toEqual([bits]);
  });

  it('are the nearest that there are', () => {
    const all = Array.from({ length: 0x7c00 }, (_, bits) => numberOf(bits));
    fc.assert(
      fc.property(fc.float({ min: -65_504, max: 65_504, noNaN: true }), (value) => {
        const [bits] = halves(Float32Array.of(value));
        const found = bits! & 0x7fff;
        const off = Math.abs(numberOf(bits!) - value);
        for (const neighbour of [found - 1, found + 1]) {
          if (all[neighbour] !== undefined)
            expect(off).toBeLessThanOrEqual(Math.abs(all[neighbour]! - Math.abs(value)));
        }
      }),
    );
  });
});

describe('a graph with its weights in 16 bits', () => {
  const random = seededRandom(3);
  const graphOf = (matrix: Float32Array) => {
    const graph = new OnnxGraph('linear');
    const x = graph.input('input', ['batch', 64]);
    const weights = [
      graph.weights('matrix', { shape: [32, 64], data: matrix }),
      graph.weights('bias', { shape: [32], data: Float32Array.from({ length: 32 }, () => random() - 0.5) }),
    ];
    graph.output('output', graph.node('Gemm', [x, ...weights], { transB: 1 }), ['batch', 32]);
    return graph.serialise();
  };
  const matrix = Float32Array.from({ length: 32 * 64 }, () => random() - 0.5);
  const input = Float32Array.from({ length: 64 }, () => random() - 0.5);
  const run = async (graph: Uint8Array) => {
    const session = await InferenceSession.create(graph);
    const { output } = await session.run({ input: new Tensor('float32', input, [1, 64]) });
    return output!.data as Float32Array;
  };

  it('is half as large, and computes the same to the rounding of the weights', async () => {
    const graph = graphOf(matrix);
    const half = halveWeights(graph);
    expect(graph.length - half.length).toBeGreaterThan(0.95 * 2 * matrix.length);
    const [before, after] = [await run(graph), await run(half)];
    let most = 0;
    for (let i = 0; i < 32; i++) most = Math.max(most, Math.abs(before[i]! - after[i]!));
    // 64 products of at most 1/4, each off by 1/2048 of itself at most.
    expect(most).toBeLessThan((64 * 0.25) / 2048);
    expect(most).toBeGreaterThan(0);
  });

  it('keeps weights that 16 bits cannot hold', async () => {
    const large = matrix.with(5, 70_000);
    const graph = graphOf(large);
    expect(await run(halveWeights(graph))).toEqual(await run(graph));
  });
});
