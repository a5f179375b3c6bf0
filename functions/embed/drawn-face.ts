import type { RgbImage } from '../../lib/vision/image.ts';

/** An ellipse: centre, half axes, colour, and how wide its edge is, as a part of its axes. */
type Ellipse = readonly [
  x: number,
  y: number,
  rx: number,
  ry: number,
  red: number,
  green: number,
  blue: number,
  edge: number,
];

/** The side of the canvas that the numbers below are of. */
const canvas = 160;
const background = [150, 165, 180] as const;

/** From behind to the front. */
const ellipses: readonly Ellipse[] = [
  // hair, skin
  [80, 70, 56, 68, 60, 40, 30, 0.1],
  [80, 88, 44, 58, 214, 170, 145, 0.08],
  [80, 96, 40, 48, 222, 180, 155, 0.5],
  // brows, eyes, pupils, lids
  [62, 68, 12, 3.5, 70, 45, 35, 0.5],
  [98, 68, 12, 3.5, 70, 45, 35, 0.5],
  [62, 80, 10, 5.5, 240, 236, 230, 0.3],
  [98, 80, 10, 5.5, 240, 236, 230, 0.3],
  [62, 80, 4.5, 5, 50, 35, 30, 0.3],
  [98, 80, 4.5, 5, 50, 35, 30, 0.3],
  [62, 75.5, 11, 2, 90, 60, 50, 0.5],
  [98, 75.5, 11, 2, 90, 60, 50, 0.5],
  // nose, nostrils, tip
  [80, 96, 5, 16, 206, 160, 135, 0.8],
  [74, 106, 3, 2.2, 120, 75, 65, 0.6],
  [86, 106, 3, 2.2, 120, 75, 65, 0.6],
  [80, 104, 7, 5, 228, 185, 160, 0.8],
  // lips, and the line between them
  [80, 123, 16, 6, 180, 90, 90, 0.3],
  [80, 123, 14, 1.3, 90, 40, 45, 0.5],
];

/** Draws a face, `side` pixels square, that MTCNN takes for one: a self-test needs no picture of anybody. */
export function drawFace(side: number): RgbImage {
  const data = new Uint8Array(side * side * 3);
  const scale = canvas / side;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let [red, green, blue]: readonly number[] = background;
      for (const [centreX, centreY, rx, ry, r, g, b, edge] of ellipses) {
        const distance = Math.hypot((x * scale - centreX) / rx, (y * scale - centreY) / ry);
        const cover = Math.min(1, Math.max(0, (1 - distance) / edge + 0.5));
        red += (r - red) * cover;
        green += (g - green) * cover;
        blue += (b - blue) * cover;
      }
      data.set([red, green, blue], (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data };
}
