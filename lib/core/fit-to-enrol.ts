import type { FaceQuality } from '../vision/face-quality.ts';
import { ImageRejectedError } from './errors.ts';

/**
 * Below and above these a face is too poor to enrol: photos made so on purpose (bench/poor-photos.ts) were recognised by mobilefacenet in no more than nine of ten
 * cases at the default threshold, and one of LFW's 3,074 is (docs/accuracy.md). A pose is no reason: up to profiles, LFW's turned heads are recognised as well as the others.
 */
const limits = { size: 20, sharpness: 10, darkest: 6, brightest: 87 };

/**
 * Checks that a face is good enough to know its person by from then on.
 * @throws ImageRejectedError POOR_QUALITY that says why it is not
 */
export function expectFitToEnrol({ size, sharpness, brightness }: FaceQuality): void {
  const reason =
    size < limits.size
      ? `at least ${limits.size} pixels wide, received one of ${Math.floor(size)}. Use a larger photo, or one taken from nearer`
      : brightness < limits.darkest
        ? `of a brightness of at least ${limits.darkest} (of 100), received one of ${brightness.toFixed(1)}. Use a photo with more light on the face`
        : brightness > limits.brightest
          ? `of a brightness of at most ${limits.brightest} (of 100), received one of ${brightness.toFixed(1)}. Use a photo that is not overexposed`
          : sharpness < limits.sharpness
            ? `of a sharpness of at least ${limits.sharpness} (of 100), received one of ${sharpness.toFixed(1)}. Use a photo that is not blurred`
            : undefined;
  if (reason) throw new ImageRejectedError('POOR_QUALITY', `Expected a face to enrol ${reason}.`);
}
