import sharp from 'sharp';
import type { BoundingBox } from '../vision/geometry.ts';
import type { RgbImage } from '../vision/image.ts';

/** Of the box's longer side, what is left around the face; and the width of the portrait in pixels. */
const portrait = { margin: 0.8, width: 220 };

/** Cuts the surroundings of a face out of a photo as a small JPEG, mirrored: another picture of the same person. */
export function cutPortrait({ width, height, data }: RgbImage, box: BoundingBox): Promise<Uint8Array> {
  const margin = portrait.margin * Math.max(box.width, box.height);
  const left = Math.max(0, Math.floor(box.left - margin));
  const top = Math.max(0, Math.floor(box.top - margin));
  const right = Math.min(width, Math.ceil(box.left + box.width + margin));
  const bottom = Math.min(height, Math.ceil(box.top + box.height + margin));
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: false })
    .extract({ left, top, width: right - left, height: bottom - top })
    .flop()
    .resize({ width: portrait.width })
    .jpeg({ quality: 80 })
    .toBuffer();
}
