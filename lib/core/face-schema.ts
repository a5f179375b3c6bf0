import { z } from 'zod';

const point = z.tuple([z.number(), z.number()]).readonly().describe('x, y in pixels of the upright photo');

/** A bounding box, where it crosses a border. */
export const boxSchema = z
  .object({ left: z.number(), top: z.number(), width: z.number(), height: z.number() })
  .describe('pixels of the upright photo; may leave it where the face is cut by the edge');

/** Five landmarks, where they cross a border. */
export const landmarksSchema = z
  .object({ leftEye: point, rightEye: point, nose: point, mouthLeft: point, mouthRight: point })
  .describe('left and right as the viewer sees them');
