import type { Point } from './geometry.ts';

/** Where the five landmarks lie in an aligned crop: left eye, right eye, nose, mouth left, mouth right. */
export type Template = readonly [Point, Point, Point, Point, Point];

/** ArcFace's positions in a crop of 112 × 112 (InsightFace, `face_align.py`, `arcface_dst`). */
export const arcFaceTemplate: Template = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];

/**
 * The positions in dlib's face chip of 150 × 150 with a padding of 0.25: eye centres, nose tip and mouth corners of dlib's mean face shape
 * (`image_transforms/interpolation.h`, `get_face_chip_details`), each at 25 + 100 × its coordinate.
 */
export const dlibTemplate: Template = [
  [47.5492, 46.599],
  [100.4761, 46.599],
  [74.0127, 76.5625],
  [50.4149, 103.0233],
  [97.6104, 103.0233],
];
