import type { AssessedFace } from '../../../lib/core/photo-faces.ts';

export const qualityFilters = ['NONE', 'AUTO', 'LOW', 'MEDIUM', 'HIGH'] as const;
export type QualityFilter = (typeof qualityFilters)[number];

/** Why a face does not meet a bar, in the protocol's words. */
export type QualityReason =
  | 'EXTREME_POSE'
  | 'LOW_BRIGHTNESS'
  | 'LOW_SHARPNESS'
  | 'LOW_CONFIDENCE'
  | 'SMALL_BOUNDING_BOX'
  | 'LOW_FACE_QUALITY';

/** What a face must have at least, and what its pose and brightness may be at most. Degrees, pixels, 0..100; confidence 0..1. */
interface QualityBar {
  readonly confidence: number;
  readonly size: number;
  readonly sharpness: number;
  readonly darkest: number;
  readonly brightest: number;
  readonly yaw: number;
  readonly down: number;
  readonly up: number;
}

/**
 * Sizes, sharpness and brightness are read off the table of faces that were made worse on purpose (docs/accuracy.md): at the bar of LOW nine of ten are still
 * recognised, at that of MEDIUM some 95 of a hundred, at that of HIGH 98. The pose of HIGH is what AWS recommends for faces to index ("Recommendations for facial comparison input images").
 */
const low: QualityBar = {
  confidence: 0.7,
  size: 20,
  sharpness: 10,
  darkest: 6,
  brightest: 87,
  yaw: 90,
  down: 90,
  up: 90,
};
const medium: QualityBar = {
  confidence: 0.9,
  size: 30,
  sharpness: 14,
  darkest: 10,
  brightest: 77,
  yaw: 60,
  down: 45,
  up: 60,
};
const high: QualityBar = {
  confidence: 0.99,
  size: 49,
  sharpness: 24,
  darkest: 14,
  brightest: 73,
  yaw: 45,
  down: 30,
  up: 45,
};

/** AUTO is the bar that a face to enrol from the bucket has to meet, too. */
export const qualityBars: Readonly<Record<QualityFilter, QualityBar | undefined>> = {
  NONE: undefined,
  AUTO: low,
  LOW: low,
  MEDIUM: medium,
  HIGH: high,
};

/** Says why a face does not meet the bar of a filter; nothing when it does. */
export function qualityReasons(filter: QualityFilter, { confidence, quality }: AssessedFace): QualityReason[] {
  const bar = qualityBars[filter];
  if (!bar) return [];
  const { size, sharpness, brightness, pose } = quality;
  const isTurned = Math.abs(pose.yaw) > bar.yaw || -pose.pitch > bar.down || pose.pitch > bar.up;
  const found: readonly (readonly [QualityReason, boolean])[] = [
    ['LOW_CONFIDENCE', confidence < bar.confidence],
    ['SMALL_BOUNDING_BOX', size < bar.size],
    ['LOW_SHARPNESS', sharpness < bar.sharpness],
    ['LOW_BRIGHTNESS', brightness < bar.darkest],
    ['LOW_FACE_QUALITY', brightness > bar.brightest],
    ['EXTREME_POSE', isTurned],
  ];
  return found.flatMap(([reason, applies]) => (applies ? [reason] : []));
}
