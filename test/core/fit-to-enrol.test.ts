import { describe, expect, it } from 'vitest';
import { expectFitToEnrol } from '../../lib/core/fit-to-enrol.ts';
import type { FaceQuality } from '../../lib/vision/face-quality.ts';

const good: FaceQuality = { sharpness: 33, brightness: 50, size: 93, pose: { yaw: 0, pitch: 0, roll: 0 } };

describe('a face to enrol', () => {
  it('is taken when it is large, lit and sharp', () => {
    expect(() => expectFitToEnrol(good)).not.toThrow();
  });

  it('is taken however the head is turned', () => {
    expect(() => expectFitToEnrol({ ...good, pose: { yaw: 80, pitch: -40, roll: 90 } })).not.toThrow();
  });

  it.each([
    ['small', { size: 12 }, /pixels wide, received one of 12\. Use a larger photo/],
    ['dark', { brightness: 1.5 }, /brightness .* received one of 1\.5\. Use a photo with more light/],
    ['bright', { brightness: 99 }, /received one of 99\.0\. Use a photo that is not overexposed/],
    ['blurred', { sharpness: 2 }, /sharpness .* received one of 2\.0\. Use a photo that is not blurred/],
  ])('is refused when it is %s, with the remedy', (_, poor, message) => {
    expect(() => expectFitToEnrol({ ...good, ...poor })).toThrow(
      expect.objectContaining({ code: 'POOR_QUALITY', message: expect.stringMatching(message) }),
    );
  });
});
