import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { cropFace } from '../../lib/vision/align.ts';
import type { CropSpec } from '../../lib/vision/embedder-card.ts';
import type { RgbImage } from '../../lib/vision/image.ts';

/** Faces that the reference implementation finds in the sample photos, cut out for an embedder: the first one of two of the photos, or all that it is sure of. */
export async function sampleCrops(crop: CropSpec, which: 'two' | 'all' = 'two'): Promise<RgbImage[]> {
  const reference = JSON.parse(await readFile('test/vision/goldens/mtcnn-samples.json', 'utf8'));
  const crops: RgbImage[] = [];
  for (const [path, { faces }] of Object.entries<Photo>(reference)) {
    if (which === 'two' && !/sample[13]\.jpg$/.test(path)) continue;
    const { data, info } = await sharp(`node_modules/${path}`)
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const photo = { width: info.width, height: info.height, data };
    for (const { box, landmarks: points } of which === 'two' ? faces.slice(0, 1) : faces.filter(isSure)) {
      const [leftEye, rightEye, nose, mouthLeft, mouthRight] = points;
      const face = {
        box: { left: box[0], top: box[1], width: box[2] - box[0], height: box[3] - box[1] },
        landmarks: { leftEye, rightEye, nose, mouthLeft, mouthRight },
      };
      crops.push(cropFace(photo, face, crop));
    }
  }
  return crops;
}

interface Photo {
  readonly faces: readonly {
    readonly box: readonly [number, number, number, number];
    readonly confidence: number;
    readonly landmarks: readonly [Point, Point, Point, Point, Point];
  }[];
}
type Point = readonly [number, number];

const isSure = ({ confidence }: { readonly confidence: number }) => confidence >= 0.95;
