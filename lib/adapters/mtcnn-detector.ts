import type { FaceDetector } from '../core/ports.ts';
import { type DetectionSettings, detectFaces } from '../vision/mtcnn.ts';
import { openMtcnnNets } from './onnx-mtcnn-nets.ts';

export interface DetectorOptions extends Partial<DetectionSettings> {
  /** The models' folder. */
  readonly models: string;
  readonly threads: number;
}

/**
 * Opens MTCNN from the models folder.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT
 */
export async function openDetector({ models, threads, ...settings }: DetectorOptions): Promise<FaceDetector> {
  const nets = await openMtcnnNets(models, threads);
  return { detect: (image) => detectFaces(image, nets, settings) };
}
