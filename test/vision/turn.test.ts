import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DetectedFace } from '../../lib/vision/geometry.ts';
import { turned, turnedBack } from '../../lib/vision/turn.ts';
import { noise } from './adaptive-pooling.ts';

const turns = fc.constantFrom(1, 2, 3);

describe('an image is turned clockwise', () => {
  test('by 90°, so that its left edge comes up', () => {
    const image = { width: 2, height: 1, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) };

    expect(turned(image, 1)).toEqual({ width: 1, height: 2, data: Uint8Array.from([1, 2, 3, 4, 5, 6]) });
    expect(turned(image, 2)).toEqual({ width: 2, height: 1, data: Uint8Array.from([4, 5, 6, 1, 2, 3]) });
    expect(turned(image, 3)).toEqual({ width: 1, height: 2, data: Uint8Array.from([4, 5, 6, 1, 2, 3]) });
  });

  test('and is itself again after 360°', () => {
    fc.assert(
      fc.property(noise(12), (image) => {
        expect(turned(turned(image, 1), 3)).toEqual(image);
        expect(turned(turned(turned(image, 1), 1), 2)).toEqual(image);
      }),
    );
  });
});

test('a face in a turned image is where it lies in the image before', () => {
  fc.assert(
    fc.property(noise(12, 2), turns, fc.nat(), (image, turns, seed) => {
      const upright = turned(image, turns);
      const left = seed % upright.width;
      const top = (seed >> 4) % upright.height;
      const pixel = (of: typeof image, x: number, y: number) => [
        ...of.data.subarray((y * of.width + x) * 3, (y * of.width + x) * 3 + 3),
      ];
      const centre = [left + 0.5, top + 0.5] as const;
      const face: DetectedFace = {
        box: { left, top, width: 1, height: 1 },
        confidence: 1,
        landmarks: { leftEye: centre, rightEye: centre, nose: centre, mouthLeft: centre, mouthRight: centre },
      };

      const { box, landmarks } = turnedBack(face, image, turns);

      expect(box).toMatchObject({ width: 1, height: 1 });
      expect(pixel(image, box.left, box.top)).toEqual(pixel(upright, left, top));
      expect(landmarks.nose).toEqual([box.left + 0.5, box.top + 0.5]);
    }),
  );
});
