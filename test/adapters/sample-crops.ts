import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { cropFace } from '../../lib/vision/align.ts';
import type { CropSpec } from '../../lib/vision/embedder-card.ts';
import type { RgbImage } from '../../lib/vision/image.ts';

/** The first face that the reference implementation finds in each of these photos, cut out for an embedder. */
export async function sampleCrops(crop: CropSpec): Promise<RgbImage[]> {
  const reference = JSON.parse(await readFile('test/vision/goldens/mtcnn-samples.json', 'utf8'));
  const crops: RgbImage[] = [];
  for (const name of ['sample1', 'sample3']) {
    const path = `@vladmandic/face-api/demo/${name}.jpg`;
    const [{ box, landmarks: points }] = reference[path].faces;
    const [leftEye, rightEye, nose, mouthLeft, mouthRight] = points;
    const { data, info } = await sharp(`node_modules/${path}`)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const photo = { width: info.width, height: info.height, data };
    const face = {
      box: { left: box[0], top: box[1], width: box[2] - box[0], height: box[3] - box[1] },
      landmarks: { leftEye, rightEye, nose, mouthLeft, mouthRight },
    };
    crops.push(cropFace(photo, face, crop));
  }
  return crops;
}
