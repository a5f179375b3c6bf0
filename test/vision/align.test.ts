import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cropFace, fitSimilarity } from '../../lib/vision/align.ts';
import type { Point } from '../../lib/vision/geometry.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { arcFaceTemplate } from '../../lib/vision/templates.ts';

const size = 112;

/** A photo that is the same however it is sampled: red grows to the right, green downwards, blue is 40. */
function slope(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set([i % width, Math.floor(i / width), 40], i * 3);
  return { width, height, data };
}

/** Landmarks that the template is carried onto by turning, scaling and shifting it. */
function landmarksAt(angle: number, scale: number, [left, top]: Point) {
  const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
  const [leftEye, rightEye, nose, mouthLeft, mouthRight] = arcFaceTemplate.map(
    ([x, y]): Point => [a * x - b * y + left, b * x + a * y + top],
  ) as [Point, Point, Point, Point, Point];
  return { leftEye, rightEye, nose, mouthLeft, mouthRight };
}

const angles = fc.double({ min: -Math.PI, max: Math.PI, noNaN: true });
const box = { left: 0, top: 0, width: 1, height: 1 };
const crop = { kind: 'similarity', size, template: arcFaceTemplate } as const;

describe('the similarity transform', () => {
  test('that made the points is found again', () => {
    fc.assert(
      fc.property(angles, fc.double({ min: 0.1, max: 10, noNaN: true }), (angle, scale) => {
        const found = fitSimilarity(arcFaceTemplate, Object.values(landmarksAt(angle, scale, [30, -7])));

        expect(found.a).toBeCloseTo(scale * Math.cos(angle), 6);
        expect(found.b).toBeCloseTo(scale * Math.sin(angle), 6);
        expect([found.tx, found.ty].map((shift) => Math.round(shift * 1e6) / 1e6)).toEqual([30, -7]);
      }),
    );
  });
});

describe('a crop by landmarks', () => {
  test('shows each pixel of the photo where the template has it, within or across the edge, and black beyond', () => {
    const photo = slope(250, 250);
    fc.assert(
      fc.property(
        angles,
        fc.double({ min: 0.3, max: 1.9, noNaN: true }),
        fc.integer({ min: -60, max: 250 }),
        fc.integer({ min: -60, max: 250 }),
        (angle, scale, left, top) => {
          const { data } = cropFace(photo, { box, landmarks: landmarksAt(angle, scale, [left, top]) }, crop);

          const [a, b] = [scale * Math.cos(angle), scale * Math.sin(angle)];
          const reach = scale + 1;
          for (let at = 0; at < size * size; at += 331) {
            const [u, v] = [at % size, Math.floor(at / size)];
            const [x, y] = [a * u - b * v + left, b * u + a * v + top];
            const [red, green, blue] = data.subarray(at * 3, at * 3 + 3) as unknown as [number, number, number];
            if (Math.min(x, y, 249 - x, 249 - y) > reach) {
              expect(Math.abs(red - x)).toBeLessThanOrEqual(0.51);
              expect(Math.abs(green - y)).toBeLessThanOrEqual(0.51);
              expect(blue).toBe(40);
            } else if (Math.min(x, y, 249 - x, 249 - y) < -reach) {
              expect([red, green, blue]).toEqual([0, 0, 0]);
            }
          }
        },
      ),
    );
  });

  test('is the same whether the photo goes on beyond it or not', () => {
    const wide = slope(256, 256);
    const landmarks = landmarksAt(0.4, 1.3, [70, 20]);
    const cut = { width: 200, height: 256, data: new Uint8Array(200 * 256 * 3) };
    for (let y = 0; y < 256; y++) cut.data.set(wide.data.subarray(y * 256 * 3, (y * 256 + 200) * 3), y * 200 * 3);

    const [whole, edge] = [wide, cut].map((photo) => cropFace(photo, { box, landmarks }, crop).data);

    const differing = [...whole!].filter((value, i) => value !== edge![i] && edge![i] !== 0);
    // Only pixels that lie across the cut itself are mixed with black.
    expect(differing.length / whole!.length).toBeLessThan(0.05);
  });
});
