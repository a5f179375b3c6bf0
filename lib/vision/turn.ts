import type { DetectedFace, Point } from './geometry.ts';
import type { RgbImage } from './image.ts';

/** How often an image is turned clockwise by 90°. */
export type QuarterTurns = 1 | 2 | 3;

/** An image turned clockwise. */
export function turned({ width, height, data }: RgbImage, turns: QuarterTurns): RgbImage {
  const out = new Uint8Array(data.length);
  // Where the left upper pixel comes from, and how far the pixels to its right and below are from it.
  const [start, right, down] = {
    1: [(height - 1) * width, -width, 1],
    2: [height * width - 1, -1, -width],
    3: [width - 1, width, -1],
  }[turns].map((pixels) => pixels * 3);
  const [outWidth, outHeight] = turns === 2 ? [width, height] : [height, width];
  let to = 0;
  for (let row = 0; row < outHeight; row++) {
    let from = start + row * down;
    for (let column = 0; column < outWidth; column++, from += right, to += 3) {
      out[to] = data[from];
      out[to + 1] = data[from + 1];
      out[to + 2] = data[from + 2];
    }
  }
  return { width: outWidth, height: outHeight, data: out };
}

/** A face found in a turned image, in the pixels of the image before it was turned. */
export function turnedBack(
  { box, landmarks, confidence }: DetectedFace,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  turns: QuarterTurns,
): DetectedFace {
  const back = ([x, y]: Point): Point => {
    if (turns === 1) return [y, height - x];
    if (turns === 2) return [width - x, height - y];
    return [width - y, x];
  };
  const [x0, y0] = back([box.left, box.top]);
  const [x1, y1] = back([box.left + box.width, box.top + box.height]);
  return {
    box: { left: Math.min(x0, x1), top: Math.min(y0, y1), width: Math.abs(x1 - x0), height: Math.abs(y1 - y0) },
    confidence,
    landmarks: {
      leftEye: back(landmarks.leftEye),
      rightEye: back(landmarks.rightEye),
      nose: back(landmarks.nose),
      mouthLeft: back(landmarks.mouthLeft),
      mouthRight: back(landmarks.mouthRight),
    },
  };
}
