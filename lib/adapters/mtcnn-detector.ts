import type { FaceDetector } from '../core/ports.ts';
import { detectFaces } from '../vision/mtcnn.ts';
import { openMtcnnNets } from './onnx-mtcnn-nets.ts';

export interface DetectorOptions {
  /** The models' folder. */
  readonly models: string;
  /** The smallest face that is looked for: the side of its box in pixels. */
  readonly minFace: number;
  readonly threads: number;
}

/**
 * Opens MTCNN from the models folder.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT
 */
export async function openDetector({ models, minFace, threads }: DetectorOptions): Promise<FaceDetector> {
  const nets = await openMtcnnNets(models, threads);
  return { detect: (image) => detectFaces(image, nets, { minFace }) };
}
