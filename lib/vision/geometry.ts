/** A position in pixels, `[x, y]`, from the left upper corner of the upright photo; fractions are kept. */
export type Point = readonly [x: number, y: number];

/** A rectangle in pixels of the upright photo. It may leave the photo where a face is cut by the edge. */
export interface BoundingBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * MTCNN's five points. Left and right are as the viewer sees them who holds the photo so that the head is up: `leftEye` is then the eye nearer the left edge.
 * Upright is a photo as its EXIF orientation says; one that lies on its side without saying so counts as upright, and the heads in it lie.
 */
export interface Landmarks {
  readonly leftEye: Point;
  readonly rightEye: Point;
  readonly nose: Point;
  readonly mouthLeft: Point;
  readonly mouthRight: Point;
}

/** A face as the detector found it. `confidence` is the last net's face probability, 0..1. */
export interface DetectedFace {
  readonly box: BoundingBox;
  readonly confidence: number;
  readonly landmarks: Landmarks;
}

/** The area of a box in square pixels. */
export function area(box: BoundingBox): number {
  return box.width * box.height;
}

/** Intersection over union of two boxes, 0..1. */
export function intersectionOverUnion(a: BoundingBox, b: BoundingBox): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

/** The face with the largest box, or undefined when there is none. Of equals, the first. */
export function largestFace<F extends { readonly box: BoundingBox }>(faces: readonly F[]): F | undefined {
  let largest: F | undefined;
  for (const face of faces) if (!largest || area(face.box) > area(largest.box)) largest = face;
  return largest;
}

/**
 * The face whose box's centre is nearest to the photo's, or undefined when there is none. In photos that were cut around one person, as those of
 * benchmarks are, it is that person's.
 */
export function mostCentralFace<F extends { readonly box: BoundingBox }>(
  faces: readonly F[],
  { width, height }: { readonly width: number; readonly height: number },
): F | undefined {
  let central: F | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const face of faces) {
    const { box } = face;
    const offset = Math.hypot(box.left + (box.width - width) / 2, box.top + (box.height - height) / 2);
    if (offset >= least) continue;
    least = offset;
    central = face;
  }
  return central;
}

/** A face in the pixels of an image that is wider and higher by two factors. */
export function scaled<F extends { readonly box: BoundingBox; readonly landmarks: Landmarks }>(
  face: F,
  across: number,
  down: number,
): F {
  const { box, landmarks } = face;
  const at = ([x, y]: Point): Point => [x * across, y * down];
  return {
    ...face,
    box: { left: box.left * across, top: box.top * down, width: box.width * across, height: box.height * down },
    landmarks: {
      leftEye: at(landmarks.leftEye),
      rightEye: at(landmarks.rightEye),
      nose: at(landmarks.nose),
      mouthLeft: at(landmarks.mouthLeft),
      mouthRight: at(landmarks.mouthRight),
    },
  };
}
