import type { Point } from './geometry.ts';

/** How a face is cut out of the photo for an embedder. */
export type CropSpec =
  /** A similarity transform carries the five landmarks onto `template` (pixels of the crop; left eye, right eye, nose, mouth left, mouth right). */
  | {
      readonly kind: 'similarity';
      readonly size: number;
      readonly template: readonly [Point, Point, Point, Point, Point];
    }
  /**
   * The detector's box, grown around its centre by `margin` (a part of its width and of its height), cut at the photo's edges, and stretched to the
   * square: so facenet and facenet-pytorch prepare faces (`extract_face`), and so their nets have seen them.
   */
  | { readonly kind: 'box'; readonly size: number; readonly margin: number };

/** One row of a calibration: pairs of different people nearer than `distance` are `falseMatchRate` of all such pairs. */
export interface OperatingPoint {
  readonly falseMatchRate: number;
  readonly distance: number;
  /** The part of the genuine pairs that is nearer than `distance`, on the same data; absent where it has not been measured. */
  readonly trueMatchRate?: number | undefined;
}

/** All that has to be known of an embedder to use it; it lies beside the ONNX file as `<id>.json`. */
export interface EmbedderCard {
  readonly kind: 'embedder';
  readonly id: string;
  readonly dimensions: number;
  readonly crop: CropSpec;
  /** Channel order of the input planes. */
  readonly channels: 'RGB' | 'BGR';
  /** value = (byte − mean) / deviation, a channel each, in the order of `channels`. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  /** Sorted by falling false match rate; holds at least 1e-2, 1e-3 and 1e-4. The default threshold is the distance at 1e-3. */
  readonly operatingPoints: readonly OperatingPoint[];
  /** The operating point whose distance is the threshold; 1e-3 where nobody chooses another. */
  readonly falseMatchRate?: number;
  /** Knots of the map from distance to similarity 0..100: falling similarity over rising distance, linear between. */
  readonly similarity: readonly { readonly distance: number; readonly similarity: number }[];
  readonly licence: string;
  readonly provenance: string;
}
