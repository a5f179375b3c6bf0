import sharp from 'sharp';
import type { VisionConfig } from '../lib/config.ts';
import { cropFace, fitSimilarity } from '../lib/vision/align.ts';
import type { RgbImage } from '../lib/vision/image.ts';
import { arcFaceTemplate } from '../lib/vision/templates.ts';
import { type PhotoFace, sampleFaces } from './faces.ts';
import { type Comparison, compare } from './measure.ts';

const size = 112;
const crop = { kind: 'similarity', size, template: arcFaceTemplate } as const;

/** Alignment of the faces in the sample photos, beside a plain loop and beside sharp, which cuts and shrinks but does not align. */
export async function* benchAlign(config: VisionConfig, rounds: number): AsyncGenerator<Comparison> {
  const faces = await sampleFaces(config);
  yield compare(
    `align: ${faces.length} faces some 200 pixels wide to ${size} × ${size}`,
    [
      {
        name: 'cropFace',
        run: () => faces.reduce((sum, { photo, face }) => sum + cropFace(photo, face, crop).data[0]!, 0),
      },
      {
        name: 'a plain loop',
        remark: 'the same samples, as one would write it at first',
        run: () => faces.reduce((sum, face) => sum + plainCrop(face).data[0]!, 0),
      },
      {
        name: 'sharp, extract and resize',
        remark: 'not aligned; on threads of its own',
        run: async () => {
          const crops = await Promise.all(faces.map(sharpCrop));
          return crops.reduce((sum, data) => sum + data[0]!, 0);
        },
      },
    ],
    { rounds },
  );
}

/** What cropFace does, written as one would at first. */
function plainCrop({ photo, face }: PhotoFace): RgbImage {
  const { a, b, tx, ty } = fitSimilarity(arcFaceTemplate, Object.values(face.landmarks));
  const grid = Math.ceil(Math.hypot(a, b));
  const data = new Uint8Array(size * size * 3);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0];
      for (let j = 0; j < grid; j++) {
        for (let i = 0; i < grid; i++) {
          const u = column + (i + 0.5) / grid - 0.5;
          const v = row + (j + 0.5) / grid - 0.5;
          const colour = bilinear(photo, a * u - b * v + tx, b * u + a * v + ty);
          for (let channel = 0; channel < 3; channel++) sum[channel] += colour[channel];
        }
      }
      for (let channel = 0; channel < 3; channel++) {
        data[(row * size + column) * 3 + channel] = Math.round(sum[channel] / grid ** 2);
      }
    }
  }
  return { width: size, height: size, data };
}

function bilinear({ width, height, data }: RgbImage, x: number, y: number): number[] {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const at = (column: number, row: number, channel: number) =>
    column < 0 || row < 0 || column >= width || row >= height ? 0 : data[(row * width + column) * 3 + channel]!;
  return [0, 1, 2].map((channel) => {
    const upper = at(left, top, channel) * (left + 1 - x) + at(left + 1, top, channel) * (x - left);
    const lower = at(left, top + 1, channel) * (left + 1 - x) + at(left + 1, top + 1, channel) * (x - left);
    return upper * (top + 1 - y) + lower * (y - top);
  });
}

function sharpCrop({ photo: { data, width, height }, face: { box } }: PhotoFace): Promise<Buffer> {
  const left = Math.max(0, Math.round(box.left));
  const top = Math.max(0, Math.round(box.top));
  return sharp(data, { raw: { width, height, channels: 3 } })
    .extract({ left, top, width: Math.round(box.width), height: Math.round(box.height) })
    .resize(size, size, { fit: 'fill' })
    .raw()
    .toBuffer();
}
