import { readFile } from 'node:fs/promises';
import { type DetectedFace, intersectionOverUnion } from '../../lib/vision/geometry.ts';

/** What the reference implementation found in a photo: boxes as left, top, right, bottom; landmarks as left eye, right eye, nose, mouth left, mouth right. */
export interface ReferencePhoto {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly {
    readonly box: readonly [left: number, top: number, right: number, bottom: number];
    readonly confidence: number;
    readonly landmarks: readonly (readonly [x: number, y: number])[];
  }[];
}

/** What it found in the sample photos of @vladmandic/face-api, by their names; made by goldens/mtcnn-samples.ts. */
export async function readSampleReference(): Promise<Record<string, ReferencePhoto>> {
  return JSON.parse(await readFile(new URL('goldens/mtcnn-samples.json', import.meta.url), 'utf8'));
}

/** How the detector's faces agree with the reference's. */
export interface Agreement {
  /** Reference faces with a confidence of at least 0.95, and how many of them were found. */
  readonly expected: number;
  readonly found: number;
  /** Faces of the detector, and how many of them the reference has not, at whatever confidence. */
  readonly faces: number;
  readonly extras: number;
  /** For each of the found: the mean distance of its landmarks, as a part of its box's width. */
  readonly landmarkErrors: readonly number[];
}

/** Two boxes are the same face from this intersection over union on. */
const sameFace = 0.85;

/** Compares what was found in photos with what the reference found there. */
export function agreementWith(
  photos: readonly { readonly reference: ReferencePhoto; readonly faces: readonly DetectedFace[] }[],
): Agreement {
  const landmarkErrors: number[] = [];
  let expected = 0;
  let extras = 0;
  let all = 0;
  for (const { reference, faces } of photos) {
    const wanted = reference.faces.map(({ box: [left, top, right, bottom], ...face }) => ({
      ...face,
      box: { left, top, width: right - left, height: bottom - top },
    }));
    const same = (a: Pick<DetectedFace, 'box'>, b: Pick<DetectedFace, 'box'>) =>
      intersectionOverUnion(a.box, b.box) >= sameFace;
    all += faces.length;
    extras += faces.filter((face) => !wanted.some((other) => same(face, other))).length;
    for (const { box, confidence, landmarks } of wanted) {
      if (confidence < 0.95) continue;
      expected++;
      const face = faces.find((other) => same(other, { box }));
      if (!face) continue;
      const points = Object.values(face.landmarks);
      const sum = landmarks.reduce((total, [x, y], i) => total + Math.hypot(points[i][0] - x, points[i][1] - y), 0);
      landmarkErrors.push(sum / landmarks.length / box.width);
    }
  }
  return { expected, found: landmarkErrors.length, faces: all, extras, landmarkErrors };
}
