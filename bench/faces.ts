import { openMtcnnNets } from '../lib/adapters/onnx-mtcnn-nets.ts';
import type { VisionConfig } from '../lib/config.ts';
import type { DetectedFace } from '../lib/vision/geometry.ts';
import type { RgbImage } from '../lib/vision/image.ts';
import { detectFaces } from '../lib/vision/mtcnn.ts';
import { samplePhoto, samples } from './photos.ts';

/** A face and the photo it is in. */
export interface PhotoFace {
  readonly photo: RgbImage;
  readonly face: DetectedFace;
}

/** The faces in all sample photos. */
export async function sampleFaces({ models, threads }: VisionConfig): Promise<PhotoFace[]> {
  const nets = await openMtcnnNets(models, threads);
  const faces: PhotoFace[] = [];
  for (const sample of samples) {
    const photo = await samplePhoto(sample, 1920, 1280);
    for (const face of await detectFaces(photo, nets)) faces.push({ photo, face });
  }
  return faces;
}
