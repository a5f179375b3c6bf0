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

  it('is that of a plain photo', () => {
    const { sharpness, brightness, size, pose } = assessFace(photo, face);
    expect(sharpness).toBeGreaterThan(10);
    expect(brightness).toBeGreaterThan(20);
    expect(brightness).toBeLessThan(90);
    expect(size).toBeCloseTo(Math.min(face.box.width, face.box.height), 1);
    for (const angle of Object.values(pose)) expect(Math.abs(angle)).toBeLessThan(45);
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

  it('turns to the side and up with the nose', () => {
    const turned = { ...frontal, nose: [nose[0] + 10, nose[1] - 5] as const };
    expect(poseOf(turned).yaw).toBeGreaterThan(20);
    expect(poseOf(turned).pitch).toBeGreaterThan(10);
    expect(poseOf({ ...frontal, nose: [nose[0] - 10, nose[1]] }).yaw).toBeLessThan(-20);
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
