import { z } from 'zod';

const point = z.tuple([z.number(), z.number()]).readonly().describe('x, y in pixels of the upright photo');

/** A bounding box, where it crosses a border. */
export const boxSchema = z
  .object({ left: z.number(), top: z.number(), width: z.number(), height: z.number() })
  .describe('pixels of the upright photo; may leave it where the face is cut by the edge');

/** What a face's pixels are good for, where it crosses a border. */
export const qualitySchema = z
  .object({
    sharpness: z.number().describe('0 (no fine detail) to 100'),
    brightness: z.number().describe('0 (black) to 100 (white)'),
    size: z.number().describe("the shorter side of the face's box, in pixels"),
    pose: z
      .object({
        yaw: z.number().describe("above 0 towards the photo's right edge"),
        pitch: z.number().describe('above 0 looks up'),
        roll: z.number().describe('above 0 is clockwise'),
      })
      .describe('degrees, an estimate from the landmarks'),
  })
  .describe("what the face's pixels are good for; docs/accuracy.md says what is too poor to enrol");

/** Five landmarks, where they cross a border. */
export const landmarksSchema = z
  .object({ leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point })
  .describe('left and right as the viewer sees them');
