import type { CropSpec } from './embedder-card.ts';
import { type BoundingBox, type Landmarks, type Point, scaled } from './geometry.ts';
import { photoSize, type RgbImage } from './image.ts';
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
  const size = photoSize(photo);
  const { box, landmarks } = scaled(face, photo.width / size.width, photo.height / size.height);
  const toPhoto =
    crop.kind === 'similarity' ? fromTemplate(crop.template, landmarks) : fromBox(box, landmarks, photo, crop);
  return resample(photo, toPhoto, crop.size);
}

/** Where a pixel (u, v) of a crop lies in the photo: x = xu·u + xv·v + tx, y = yu·u + yv·v + ty. */
interface AffineTransform {
  readonly xu: number;
  readonly xv: number;
  readonly yu: number;
  readonly yv: number;
  readonly tx: number;
  readonly ty: number;
}

function fromTemplate(
  template: Template,
  { leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks,
): AffineTransform {
  const { a, b, tx, ty } = fitSimilarity([leftEye, rightEye, nose, mouthLeft, mouthRight], template);
  const scale = 1 / (a * a + b * b);
  const along = a * scale;
  const across = b * scale;
  return {
    xu: along,
    xv: across,
    yu: -across,
    yv: along,
    tx: -(along * tx + across * ty),
    ty: across * tx - along * ty,
  };
}

function fromBox(
  box: BoundingBox,
  landmarks: Landmarks,
  photo: { readonly width: number; readonly height: number },
  { size, margin }: { readonly size: number; readonly margin: number },
): AffineTransform {
  const beside = (box.width * margin) / 2;
  const above = (box.height * margin) / 2;
  const left = Math.max(0, box.left - beside);
  const top = Math.max(0, box.top - above);
  const across = (Math.min(photo.width, box.left + box.width + beside) - left) / size;
  const down = (Math.min(photo.height, box.top + box.height + above) - top) / size;
  // Pixels have their centres at halves: the first one from the left covers the photo from `left` to `left + across`.
  const x = left + (across - 1) / 2;
  const y = top + (down - 1) / 2;
  const [right, bottom] = [x + (size - 1) * across, y + (size - 1) * down];
  switch (headUp(landmarks)) {
    case 'up':
      return { xu: across, xv: 0, yu: 0, yv: down, tx: x, ty: y };
    case 'down':
      return { xu: -across, xv: 0, yu: 0, yv: -down, tx: right, ty: bottom };
    case 'left':
      return { xu: 0, xv: across, yu: -down, yv: 0, tx: x, ty: bottom };
    case 'right':
      return { xu: 0, xv: -across, yu: down, yv: 0, tx: right, ty: y };
  }
}

/** Where the top of a head points, to the nearest quarter turn. */
function headUp({ leftEye, rightEye, mouthLeft, mouthRight }: Landmarks): 'up' | 'down' | 'left' | 'right' {
  const across = mouthLeft[0] + mouthRight[0] - leftEye[0] - rightEye[0];
  const down = mouthLeft[1] + mouthRight[1] - leftEye[1] - rightEye[1];
  if (Math.abs(across) <= Math.abs(down)) return down >= 0 ? 'up' : 'down';
  return across > 0 ? 'left' : 'right';
}

function resample(
  { width, height, data }: RgbImage,
  { xu, xv, yu, yv, tx, ty }: AffineTransform,
  size: number,
): RgbImage {
  const out = new Uint8Array(size * size * 3);
  const grid = Math.max(1, Math.ceil(Math.hypot(xu, yu)), Math.ceil(Math.hypot(xv, yv)));
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
          const x = xu * u + xv * v + tx;
          const y = yu * u + yv * v + ty;
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
