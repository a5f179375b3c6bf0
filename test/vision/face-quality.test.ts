import { readFileSync } from 'node:fs';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { assessFace, poseOf } from '../../lib/vision/face-quality.ts';
import type { DetectedFace, Landmarks, Point } from '../../lib/vision/geometry.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { arcFaceTemplate } from '../../lib/vision/templates.ts';

const file = 'node_modules/@vladmandic/face-api/demo/sample1.jpg';
/** An upright face of that photo, as the reference implementation finds it. */
const [{ box, landmarks: points }] = JSON.parse(readFileSync('test/vision/goldens/mtcnn-samples.json', 'utf8'))[
  '@vladmandic/face-api/demo/sample1.jpg'
].faces;
const face: Pick<DetectedFace, 'box' | 'landmarks'> = {
  box: { left: box[0], top: box[1], width: box[2] - box[0], height: box[3] - box[1] },
  landmarks: { leftEye: points[0], rightEye: points[1], nose: points[2], mouthLeft: points[3], mouthRight: points[4] },
};

async function pixels(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

describe('the quality of a face', () => {
  let photo: RgbImage;
  const assess = async (image: Sharp) => assessFace(await pixels(image), face);

  beforeAll(async () => {
    photo = await pixels(sharp(file));
  });

  it('has the scale that the limits of enrolment were measured on', () => {
    // A woman who looks a little down and to the left, in a dim room; JPEG decoders differ in the last digit.
    const { sharpness, brightness, size, pose } = assessFace(photo, face);
    expect(sharpness).toBeCloseTo(45.8, 0);
    expect(brightness).toBeCloseTo(35.9, 0);
    expect(size).toBeCloseTo(Math.min(face.box.width, face.box.height), 1);
    expect(pose).toEqual({ yaw: -24, pitch: -17.2, roll: -0.4 });
  });

  it('is in pixels of the photo, also where that was decoded smaller than it is', async () => {
    const { width, height } = photo;
    const half = await pixels(sharp(file).resize(width / 2, height / 2));

    const { sharpness, brightness, size, pose } = assessFace(photo, face);
    const smaller = assessFace({ ...half, photo: { width, height } }, face);

    expect(smaller).toMatchObject({ size, pose });
    expect(Math.abs(smaller.brightness - brightness)).toBeLessThan(1);
    expect(smaller.sharpness).toBeLessThan(sharpness);
  });

  it('loses sharpness the more it is blurred', async () => {
    const { sharpness } = assessFace(photo, face);
    const soft = await assess(sharp(file).blur(2));
    const blurred = await assess(sharp(file).blur(8));
    expect(soft.sharpness).toBeLessThan(sharpness);
    expect(blurred.sharpness).toBeLessThan(soft.sharpness / 2);
  });

  it('keeps its sharpness in flat light, and loses brightness in the dark', async () => {
    const { sharpness, brightness } = assessFace(photo, face);
    const flat = await assess(sharp(file).linear(0.5, 64));
    const dark = await assess(sharp(file).linear(0.2, 0));
    expect(Math.abs(flat.sharpness - sharpness)).toBeLessThan(sharpness / 10);
    expect(dark.brightness).toBeCloseTo(brightness / 5, 0);
  });
});

const [leftEye, rightEye, nose, mouthLeft, mouthRight] = arcFaceTemplate;
const frontal: Landmarks = { leftEye, rightEye, nose, mouthLeft, mouthRight };

describe('the pose of a head', () => {
  it('is straight where the points lie as in a face from the front', () => {
    for (const angle of Object.values(poseOf(frontal))) expect(angle).toBeCloseTo(0, 0);
  });

  /** The points of a head that is turned, seen from far away: eyes and mouth in a plane, the tip of the nose half the eyes' distance before it. */
  function seen(yaw: number, pitch: number): Landmarks {
    const [sinYaw, cosYaw] = [Math.sin((yaw * Math.PI) / 180), Math.cos((yaw * Math.PI) / 180)];
    const [sinPitch, cosPitch] = [Math.sin((pitch * Math.PI) / 180), Math.cos((pitch * Math.PI) / 180)];
    const at = ([x, y]: Point, depth = 0): Point => [
      x * cosYaw + depth * sinYaw,
      y * cosPitch - (depth * cosYaw - x * sinYaw) * sinPitch,
    ];
    return {
      leftEye: at(leftEye),
      rightEye: at(rightEye),
      nose: at(nose, (rightEye[0] - leftEye[0]) / 2),
      mouthLeft: at(mouthLeft),
      mouthRight: at(mouthRight),
    };
  }

  it.each([
    [20, 0],
    [-20, 0],
    [0, 20],
    [0, -20],
    [40, 0],
    [-30, 30],
    [40, -30],
  ])('is that of a head turned by %i° to the right and %i° up', (yaw, pitch) => {
    const pose = poseOf(seen(yaw, pitch));
    // The face grows narrow as it turns, for which the fit makes up in part only.
    expect(Math.abs(pose.yaw - yaw)).toBeLessThan(5);
    expect(Math.abs(pose.pitch - pitch)).toBeLessThan(5);
  });

  it.each([-120, -30, 15, 90])('rolls by %i degrees with the photo, and with nothing else', (degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const turn = ([x, y]: Point): Point => [
      300 + 2 * (Math.cos(angle) * x - Math.sin(angle) * y),
      200 + 2 * (Math.sin(angle) * x + Math.cos(angle) * y),
    ];
    const points = Object.fromEntries(Object.entries(frontal).map(([name, point]) => [name, turn(point)]));
    const { roll, yaw, pitch } = poseOf(points as unknown as Landmarks);
    expect(roll).toBeCloseTo(degrees + poseOf(frontal).roll, 3);
    expect(yaw).toBeCloseTo(poseOf(frontal).yaw, 3);
    expect(pitch).toBeCloseTo(poseOf(frontal).pitch, 3);
  });
});
