import { describe, expect, it } from 'vitest';
import { qualityFilters, qualityReasons } from '../../../../functions/match/rekognition/quality-filter.ts';
import type { AssessedFace } from '../../../../lib/core/photo-faces.ts';
import type { FaceQuality } from '../../../../lib/vision/face-quality.ts';

const at = [0, 0] as const;

function face({ confidence = 1, ...quality }: Partial<FaceQuality> & { readonly confidence?: number }): AssessedFace {
  return {
    box: { left: 0, top: 0, width: 100, height: 100 },
    landmarks: { leftEye: at, rightEye: at, nose: at, mouthLeft: at, mouthRight: at },
    confidence,
    quality: { sharpness: 40, brightness: 50, size: 100, pose: { yaw: 0, pitch: 0, roll: 0 }, ...quality },
  };
}

describe('the quality filter', () => {
  it.each(qualityFilters)('%s lets a good face pass, however it is tilted in the plane of the photo', (filter) => {
    expect(qualityReasons(filter, face({ pose: { yaw: 10, pitch: -10, roll: 170 } }))).toEqual([]);
  });

  it.each([
    ['LOW_CONFIDENCE', { confidence: 0.6 }],
    ['SMALL_BOUNDING_BOX', { size: 19 }],
    ['LOW_SHARPNESS', { sharpness: 9 }],
    ['LOW_BRIGHTNESS', { brightness: 5 }],
    ['LOW_FACE_QUALITY', { brightness: 88 }],
  ])('says %s from LOW on, and nothing with NONE', (reason, poor) => {
    expect(qualityReasons('NONE', face(poor))).toEqual([]);
    for (const filter of ['AUTO', 'LOW', 'MEDIUM', 'HIGH'] as const) {
      expect(qualityReasons(filter, face(poor))).toEqual([reason]);
    }
  });

  it.each([
    ['to the left', { yaw: -46, pitch: 0, roll: 0 }],
    ['to the right', { yaw: 46, pitch: 0, roll: 0 }],
    ['down', { yaw: 0, pitch: -31, roll: 0 }],
    ['up', { yaw: 0, pitch: 46, roll: 0 }],
  ])('says EXTREME_POSE of a head that is turned %s beyond what AWS recommends, with HIGH alone', (_, pose) => {
    expect(qualityReasons('MEDIUM', face({ pose }))).toEqual([]);
    expect(qualityReasons('HIGH', face({ pose }))).toEqual(['EXTREME_POSE']);
  });

  it('gives all reasons there are', () => {
    expect(qualityReasons('HIGH', face({ size: 48, sharpness: 23 }))).toEqual(['SMALL_BOUNDING_BOX', 'LOW_SHARPNESS']);
  });
});
