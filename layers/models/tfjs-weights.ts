import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../../lib/core/errors.ts';
import type { Weights } from './onnx-graph.ts';

const manifestSchema = z.tuple([
  z.object({
    paths: z.array(z.string()),
    weights: z.array(
      z.object({
        name: z.string(),
        shape: z.array(z.number()),
        quantization: z.object({ dtype: z.literal('uint8'), scale: z.number(), min: z.number() }).optional(),
      }),
    ),
  }),
]);

/** Weights by the names that TensorFlow.js gave them. */
export class TfjsWeights {
  readonly #weights: ReadonlyMap<string, Weights>;

  constructor(weights: ReadonlyMap<string, Weights>) {
    this.#weights = weights;
  }

  /** @throws ModelError MODEL_CORRUPT with the tensor's name when it is not there */
  get(name: string): Weights {
    const weights = this.#weights.get(name);
    if (weights) return weights;
    throw new ModelError(
      'MODEL_CORRUPT',
      `Expected a tensor "${name}" among the weights, found none. The package is not the one this was made for.`,
    );
  }
}

/**
 * Reads weights in TensorFlow.js' format: a manifest and its shards, float32, or uint8 as min + scale × byte.
 * @throws ModelError MODEL_CORRUPT when manifest and shards do not fit
 */
export async function readTfjsWeights(folder: string, model: string): Promise<TfjsWeights> {
  const text = await readFile(join(folder, `${model}-weights_manifest.json`), 'utf8');
  const [{ paths, weights }] = manifestSchema.parse(JSON.parse(text));
  const bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
  const named = new Map<string, Weights>();
  let at = 0;
  for (const { name, shape, quantization } of weights) {
    const length = shape.reduce((product, side) => product * side, 1);
    const size = quantization ? length : length * 4;
    const data = new Float32Array(length);
    if (at + size > bytes.length) break;
    for (let i = 0; i < length; i++) {
      data[i] = quantization ? quantization.min + quantization.scale * bytes[at + i] : bytes.readFloatLE(at + i * 4);
    }
    named.set(name, { shape, data });
    at += size;
  }
  if (named.size === weights.length && at === bytes.length) return new TfjsWeights(named);
  throw new ModelError(
    'MODEL_CORRUPT',
    `Expected ${model}'s shards to hold the tensors of its manifest, received ${bytes.length} bytes that do not fit.`,
  );
}
