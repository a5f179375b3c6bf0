import type { CropSpec } from './embedder-card.ts';
import type { BoundingBox, Landmarks, Point } from './geometry.ts';
import type { RgbImage } from './image.ts';
import type { Template } from './templates.ts';

/** A map of the plane that turns, scales and shifts: x′ = a·x − b·y + tx, y′ = b·x + a·y + ty. */
export interface SimilarityTransform {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/**
 * The similarity transform that carries points onto others with the least sum of squared errors (Umeyama 1991, without reflection; in the plane it is
 * one complex division). At least two of `from` must differ.
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): SimilarityTransform {
  const [fromX, fromY] = centroid(from);
  const [toX, toY] = centroid(to);
  let real = 0;
  let imaginary = 0;
  let spread = 0;
  for (let i = 0; i < from.length; i++) {
    const x = from[i][0] - fromX;
    const y = from[i][1] - fromY;
    const u = to[i][0] - toX;
    const v = to[i][1] - toY;
    real += x * u + y * v;
    imaginary += x * v - y * u;
    spread += x * x + y * y;
  }
  const a = real / spread;
  const b = imaginary / spread;
  return { a, b, tx: toX - a * fromX + b * fromY, ty: toY - b * fromX - a * fromY };
}

function centroid(points: readonly Point[]): Point {
  let x = 0;
  let y = 0;
  for (const point of points) {
    x += point[0];
    y += point[1];
  }
  return [x / points.length, y / points.length];
}

/**
 * Cuts a face out of a photo as an embedder wants it: `crop.size` square, R G B bytes. What lies outside the photo is black. Where the crop shrinks the
 * photo, each of its pixels is the mean of a grid of samples that covers it, so that nothing aliases.
 */
export function cropFace(
  photo: RgbImage,
  face: { readonly box: BoundingBox; readonly landmarks: Landmarks },
  crop: CropSpec,
): RgbImage {
  const toPhoto = crop.kind === 'similarity' ? fromTemplate(crop.template, face.landmarks) : fromBox(face.box, crop);
  return resample(photo, toPhoto, crop.size);
}

function fromTemplate(
  template: Template,
  { leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks,
): SimilarityTransform {
  const { a, b, tx, ty } = fitSimilarity([leftEye, rightEye, nose, mouthLeft, mouthRight], template);
  const scale = 1 / (a * a + b * b);
  return { a: a * scale, b: -b * scale, tx: -(a * tx + b * ty) * scale, ty: (b * tx - a * ty) * scale };
}

function fromBox(
  { left, top, width, height }: BoundingBox,
  crop: { readonly size: number; readonly margin: number },
): SimilarityTransform {
  const side = Math.max(width, height) * (1 + crop.margin);
  const a = side / crop.size;
  const corner = (a - 1) / 2;
  return { a, b: 0, tx: left + (width - side) / 2 + corner, ty: top + (height - side) / 2 + corner };
}

function resample({ width, height, data }: RgbImage, { a, b, tx, ty }: SimilarityTransform, size: number): RgbImage {
  const out = new Uint8Array(size * size * 3);
  const grid = Math.max(1, Math.ceil(Math.hypot(a, b)));
  const share = 1 / (grid * grid);
  const stride = width * 3;
  let at = 0;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let j = 0; j < grid; j++) {
        const v = row + (j + 0.5) / grid - 0.5;
        for (let i = 0; i < grid; i++) {
          const u = column + (i + 0.5) / grid - 0.5;
          const x = a * u - b * v + tx;
          const y = b * u + a * v + ty;
          const x0 = Math.floor(x);
          const y0 = Math.floor(y);
          if (x0 < -1 || y0 < -1 || x0 >= width || y0 >= height) continue;
          const fx = x - x0;
          const fy = y - y0;
          const from = y0 * stride + x0 * 3;
          const hasLeft = x0 >= 0;
          const hasRight = x0 + 1 < width;
          if (y0 >= 0) {
            if (hasLeft) {
              const weight = (1 - fx) * (1 - fy);
              red += weight * data[from];
              green += weight * data[from + 1];
              blue += weight * data[from + 2];
            }
            if (hasRight) {
              const weight = fx * (1 - fy);
              red += weight * data[from + 3];
              green += weight * data[from + 4];
              blue += weight * data[from + 5];
            }
          }
          if (y0 + 1 < height) {
            const below = from + stride;
            if (hasLeft) {
              const weight = (1 - fx) * fy;
              red += weight * data[below];
              green += weight * data[below + 1];
              blue += weight * data[below + 2];
            }
            if (hasRight) {
              const weight = fx * fy;
              red += weight * data[below + 3];
              green += weight * data[below + 4];
              blue += weight * data[below + 5];
            }
          }
        }
      }
      out[at++] = red * share + 0.5;
      out[at++] = green * share + 0.5;
      out[at++] = blue * share + 0.5;
    }
  }
  return { width: size, height: size, data: out };
}
