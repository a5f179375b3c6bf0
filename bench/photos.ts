import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { RgbImage } from '../lib/vision/image.ts';

/** The sample photos of @vladmandic/face-api, 1920 pixels wide, three to five people each. */
export const samples = [1, 2, 3, 4, 5, 6] as const;

/** A sample photo's file. */
export function sampleFile(sample: number): Promise<Buffer> {
  return readFile(fileURLToPath(import.meta.resolve(`@vladmandic/face-api/demo/sample${sample}.jpg`)));
}

/** A sample photo, cut and enlarged or reduced to a size. */
export async function samplePhoto(sample: number, width: number, height: number): Promise<RgbImage> {
  const { data } = await sharp(await sampleFile(sample))
    .resize(width, height)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, data };
}
