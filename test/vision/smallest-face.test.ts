import { expect, test } from 'vitest';
import type { CropSpec } from '../../lib/vision/embedder-card.ts';
import { neededSide, reductionFor, smallestFaceIn } from '../../lib/vision/smallest-face.ts';
import { arcFaceTemplate, dlibTemplate } from '../../lib/vision/templates.ts';

const arcFace: CropSpec = { kind: 'similarity', size: 112, template: arcFaceTemplate };
const faceNet: CropSpec = { kind: 'box', size: 160, margin: 14 / (160 - 14) };
const photo = { width: 8000, height: 6000 };

test('the smallest face is told in pixels or as a part of the shorter side, and the larger counts', () => {
  expect(smallestFaceIn(photo, { minFace: 20, minFacePart: 0.01 })).toBe(60);
  expect(smallestFaceIn(photo, { minFace: 100, minFacePart: 0.01 })).toBe(100);
  expect(smallestFaceIn({ width: 300, height: 1000 }, { minFace: 20, minFacePart: 0.1 })).toBe(30);
});

test.for([
  [60, 1],
  [159, 1],
  [160, 2],
  [319, 2],
  [320, 4],
  [640, 8],
  [3000, 8],
] as const)('where the smallest face is %i pixels, a photo can be decoded %i times smaller', ([minFace, reduction]) => {
  expect(reductionFor(photo, { minFace, minFacePart: 0 }, arcFace)).toBe(reduction);
});

test('an embedder with a larger crop needs more pixels of a face', () => {
  expect(neededSide({ kind: 'similarity', size: 150, template: dlibTemplate })).toBeCloseTo(120, 0);
  expect(neededSide(faceNet)).toBeCloseTo(146, 6);
  expect(reductionFor(photo, { minFace: 160, minFacePart: 0 }, faceNet)).toBe(1);
  expect(reductionFor(photo, { minFace: 292, minFacePart: 0 }, faceNet)).toBe(2);
});
