import { Tensor } from 'onnxruntime-node';
import type { FaceEmbedder } from '../core/ports.ts';
import { toUnitLength } from '../vision/distance.ts';
import type { EmbedderCard } from '../vision/embedder-card.ts';
import type { RgbImage } from '../vision/image.ts';
import { readEmbedder } from './model-folder.ts';
import { openSession } from './onnx-session.ts';

/** Crops that one inference takes: beyond that a batch gains nothing, and its memory grows. */
const largestBatch = 32;

/**
 * Opens an embedder from the models folder.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT
 */
export async function openEmbedder(folder: string, id: string, threads: number): Promise<FaceEmbedder> {
  const { card, graph } = await readEmbedder(folder, id);
  const session = await openSession(graph, threads);
  const { size } = card.crop;
  return {
    card,
    async embed(crops) {
      const vectors: Float32Array[] = [];
      for (let from = 0; from < crops.length; from += largestBatch) {
        const batch = crops.slice(from, from + largestBatch);
        const planes = standardise(batch, card);
        const { embedding } = await session.run({
          input: new Tensor('float32', planes, [batch.length, 3, size, size]),
        });
        const data = embedding.data as Float32Array;
        for (let i = 0; i < batch.length; i++) {
          vectors.push(toUnitLength(data.slice(i * card.dimensions, (i + 1) * card.dimensions)));
        }
      }
      return vectors;
    },
  };
}

/** Lays crops out as the embedder reads them: a crop after the other, its planes in the card's channel order, (byte − mean) / deviation. */
export function standardise(
  crops: readonly RgbImage[],
  { crop: { size }, channels, mean, deviation }: EmbedderCard,
): Float32Array {
  const plane = size * size;
  const out = new Float32Array(crops.length * 3 * plane);
  const order = channels === 'RGB' ? [0, 1, 2] : [2, 1, 0];
  for (let i = 0; i < crops.length; i++) {
    const { data } = crops[i];
    for (let channel = 0; channel < 3; channel++) {
      const from = order[channel];
      const to = (i * 3 + channel) * plane;
      const offset = mean[channel];
      const scale = 1 / deviation[channel];
      for (let pixel = 0; pixel < plane; pixel++) out[to + pixel] = (data[pixel * 3 + from] - offset) * scale;
    }
  }
  return out;
}
