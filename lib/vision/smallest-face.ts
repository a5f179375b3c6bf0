import type { Size } from './image.ts';

/** The smallest face that is looked for: the larger of the two counts. One that is somewhat smaller may be found all the same. */
export interface SmallestFace {
  /** The side of its box in pixels. */
  readonly minFace: number;
  /** The side of its box as a part of the photo's shorter side, 0..1. */
  readonly minFacePart: number;
}

/** The side of the smallest face that is wanted in a photo, in its pixels. */
export function smallestFaceIn({ width, height }: Size, { minFace, minFacePart }: SmallestFace): number {
  return Math.max(minFace, minFacePart * Math.min(width, height));
}

/**
 * Pixels of a face's side beyond which an embedding gains nothing: in a crop of 112 pixels with the eyes where ArcFace's template has them, 35 pixels apart,
 * MTCNN's box is some 80 wide.
 */
const neededSide = 80;

/** What libjpeg can shrink by while it decodes, at a fraction of the cost. */
const reductions = [8, 4, 2] as const;

/** How many times smaller a photo can be decoded, in each direction, so that the smallest face that is wanted keeps all the pixels it needs. */
export function reductionFor(photo: Size, smallest: SmallestFace): 1 | 2 | 4 | 8 {
  const side = smallestFaceIn(photo, smallest);
  return reductions.find((reduction) => side / reduction >= neededSide) ?? 1;
}
