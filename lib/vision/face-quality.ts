import { cropFace, fitSimilarity } from './align.ts';
import type { DetectedFace, Landmarks } from './geometry.ts';
import type { RgbImage } from './image.ts';
import { arcFaceTemplate } from './templates.ts';

/** How a head is turned, in degrees; an estimate from five points, good to some ten degrees. All 0 looks straight into the camera. */
export interface Pose {
  /** To the side; above 0 towards the photo's right edge. */
  readonly yaw: number;
  /** Up and down; above 0 looks up. */
  readonly pitch: number;
  /** In the plane of the photo; above 0 is clockwise. */
  readonly roll: number;
}

/** What a face's pixels are good for. */
export interface FaceQuality {
  /** How much fine detail the face has once it is aligned, 0 (none) to 100: low where it is blurred, out of focus, or enlarged from few pixels. */
  readonly sharpness: number;
  /** Mean luma of the face, 0 (black) to 100 (white). */
  readonly brightness: number;
  /** The shorter side of the face's box, in pixels of the photo. */
  readonly size: number;
  readonly pose: Pose;
}

/** Faces are judged in this crop, whatever the embedder's own is, so that the numbers mean the same for all. */
const crop = { kind: 'similarity', size: 112, template: arcFaceTemplate } as const;
/** The part of the crop that is face and not hair, neck or background: eyes to mouth and cheeks, in pixels. */
const inside = { left: 24, right: 88, top: 36, bottom: 104 };
/** How far the tip of the nose stands out before the plane of eyes and mouth, as a part of the distance between the eyes. */
const noseDepth = 0.5;

/** Judges a face by its pixels and landmarks; numbers are rounded to a tenth. */
export function assessFace(photo: RgbImage, face: Pick<DetectedFace, 'box' | 'landmarks'>): FaceQuality {
  const luma = lumaOf(cropFace(photo, face, crop));
  const { yaw, pitch, roll } = poseOf(face.landmarks);
  return {
    sharpness: tenths(sharpnessOf(luma)),
    brightness: tenths(brightnessOf(luma)),
    size: tenths(Math.min(face.box.width, face.box.height)),
    pose: { yaw: tenths(yaw), pitch: tenths(pitch), roll: tenths(roll) },
  };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Luma by Rec. 601, 0..255, a number a pixel. */
function lumaOf({ width, height, data }: RgbImage): Float32Array {
  const luma = new Float32Array(width * height);
  for (let i = 0, at = 0; i < luma.length; i++, at += 3) {
    luma[i] = 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  }
  return luma;
}

function brightnessOf(luma: Float32Array): number {
  let sum = 0;
  for (let y = inside.top; y < inside.bottom; y++) {
    for (let x = inside.left; x < inside.right; x++) sum += luma[y * crop.size + x];
  }
  return (sum / ((inside.bottom - inside.top) * (inside.right - inside.left)) / 255) * 100;
}

/** The standard deviation of the Laplacian (Pech-Pacheco et al. 2000) in parts of the luma's own, so that a flat light does not count as blur. */
function sharpnessOf(luma: Float32Array): number {
  const { size } = crop;
  let count = 0;
  let sum = 0;
  let squares = 0;
  let detail = 0;
  for (let y = inside.top; y < inside.bottom; y++) {
    for (let x = inside.left; x < inside.right; x++) {
      const at = y * size + x;
      const laplacian = luma[at - 1] + luma[at + 1] + luma[at - size] + luma[at + size] - 4 * luma[at];
      count++;
      sum += luma[at];
      squares += luma[at] * luma[at];
      detail += laplacian * laplacian;
    }
  }
  const mean = sum / count;
  const variance = squares / count - mean * mean;
  // Less contrast than one level of luma is noise of the 8 bits.
  return Math.min(100, 100 * Math.sqrt(detail / count / Math.max(1, variance)));
}

/** The pose by how far the nose is from where it is in a face seen from the front, once eyes and mouth lie where they do in that one. */
export function poseOf({ leftEye, rightEye, nose, mouthLeft, mouthRight }: Landmarks): Pose {
  const [templateLeft, templateRight, templateNose, ...templateMouth] = arcFaceTemplate;
  const { a, b, tx, ty } = fitSimilarity(
    [leftEye, rightEye, mouthLeft, mouthRight],
    [templateLeft, templateRight, ...templateMouth],
  );
  const reach = noseDepth * (templateRight[0] - templateLeft[0]);
  return {
    yaw: angleOf((a * nose[0] - b * nose[1] + tx - templateNose[0]) / reach),
    pitch: angleOf((templateNose[1] - (b * nose[0] + a * nose[1] + ty)) / reach),
    roll: degrees(Math.atan2(-b, a)),
  };
}

function angleOf(sine: number): number {
  return degrees(Math.asin(Math.max(-1, Math.min(1, sine))));
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
