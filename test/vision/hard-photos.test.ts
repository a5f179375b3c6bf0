import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { openMtcnnNets } from '../../lib/adapters/onnx-mtcnn-nets.ts';
import { modelsFolder } from '../../lib/config.ts';
import { type BoundingBox, type DetectedFace, intersectionOverUnion } from '../../lib/vision/geometry.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { detectFaces } from '../../lib/vision/mtcnn.ts';
import type { MtcnnNets } from '../../lib/vision/mtcnn-nets.ts';
import { type ReferencePhoto, readSampleReference } from './mtcnn-reference.ts';

/** A face in a sample photo, with as much around it as it needs to be seen as one. */
interface Portrait {
  readonly file: string;
  readonly box: BoundingBox;
  readonly around: BoundingBox;
}

let nets: MtcnnNets;
let portraits: readonly Portrait[];

/** A photo takes a second or two, but the machine may have other work to do. */
vi.setConfig({ testTimeout: 300_000 });

beforeAll(async () => {
  nets = await openMtcnnNets(modelsFolder(), 1);
  portraits = Object.entries(await readSampleReference()).flatMap(([name, photo]) => portraitsIn(name, photo));
});

function portraitsIn(name: string, { width, height, faces }: ReferencePhoto): Portrait[] {
  return faces
    .filter(({ confidence }) => confidence >= 0.99)
    .map(({ box: [left, top, right, bottom] }) => {
      const box = { left, top, width: right - left, height: bottom - top };
      const around = {
        left: Math.max(0, Math.round(left - box.width / 2)),
        top: Math.max(0, Math.round(top - box.height / 3)),
      };
      return {
        file: fileURLToPath(import.meta.resolve(name)),
        box,
        around: {
          ...around,
          width: Math.min(width, Math.round(right + box.width / 2)) - around.left,
          height: Math.min(height, Math.round(bottom + box.height / 3)) - around.top,
        },
      };
    });
}

/** Puts portraits on grey, their boxes of a width, and answers where the boxes came to lie. */
async function compose(
  size: { readonly width: number; readonly height: number },
  places: readonly { readonly portrait: Portrait; readonly left: number; readonly top: number }[],
  boxWidth: number,
): Promise<{ readonly photo: RgbImage; readonly boxes: readonly BoundingBox[] }> {
  const boxes: BoundingBox[] = [];
  const pieces = await Promise.all(
    places.map(async ({ portrait: { file, box, around }, left, top }) => {
      const scale = boxWidth / box.width;
      const width = Math.round(around.width * scale);
      boxes.push({
        left: left + (box.left - around.left) * scale,
        top: top + (box.top - around.top) * scale,
        width: boxWidth,
        height: box.height * scale,
      });
      return { input: await sharp(file).extract(around).resize({ width }).png().toBuffer(), left, top };
    }),
  );
  const canvas = sharp({ create: { ...size, channels: 3, background: '#808080' }, limitInputPixels: false });
  return { photo: await pixelsOf(canvas.composite(pieces)), boxes };
}

async function pixelsOf(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

function sample(number: number) {
  return sharp(fileURLToPath(import.meta.resolve(`@vladmandic/face-api/demo/sample${number}.jpg`)));
}

/** How many of the boxes were found. */
function foundOf(boxes: readonly BoundingBox[], faces: readonly DetectedFace[], least = 0.5): number {
  return boxes.filter((box) => faces.some((face) => intersectionOverUnion(face.box, box) >= least)).length;
}

function centreOf(landmarks: readonly (readonly [number, number])[]): [number, number] {
  return [
    landmarks.reduce((sum, [x]) => sum + x, 0) / landmarks.length,
    landmarks.reduce((sum, [, y]) => sum + y, 0) / landmarks.length,
  ];
}

describe('faces are found', () => {
  test('sixty of them in one photo', async () => {
    const places = Array.from({ length: 60 }, (_, i) => ({
      portrait: portraits[i % portraits.length]!,
      left: 160 * (i % 10) + 8,
      top: 200 * Math.floor(i / 10) + 8,
    }));
    const { photo, boxes } = await compose({ width: 1600, height: 1200 }, places, 70);

    const faces = await detectFaces(photo, nets);

    expect(foundOf(boxes, faces)).toBe(60);
    expect(faces).toHaveLength(60);
  });

  test('the largest of them when only some are wanted', async () => {
    const { photo, boxes } = await compose(
      { width: 640, height: 240 },
      [0, 1, 2].map((i) => ({ portrait: portraits[i]!, left: 210 * i + 10, top: 20 })),
      90,
    );
    const area = ({ width, height }: BoundingBox) => width * height;

    const all = await detectFaces(photo, nets);
    const two = await detectFaces(photo, nets, { maxFaces: 2 });

    expect(foundOf(boxes, all)).toBe(3);
    expect(two).toEqual([...all].sort((a, b) => area(b.box) - area(a.box)).slice(0, 2));
  });

  test('20 pixels wide', async () => {
    const places = portraits.map((portrait, i) => ({
      portrait,
      left: 60 * (i % 5) + 10,
      top: 70 * Math.floor(i / 5) + 10,
    }));
    const { photo, boxes } = await compose({ width: 320, height: 300 }, places, 20);

    const faces = await detectFaces(photo, nets);

    expect(foundOf(boxes, faces) / boxes.length).toBeGreaterThanOrEqual(0.9);
  });

  test('not when far smaller than what is wanted, in pixels or as a part of the photo', async () => {
    const { photo } = await compose({ width: 400, height: 300 }, [{ portrait: portraits[0]!, left: 100, top: 60 }], 40);

    expect(await detectFaces(photo, nets)).toHaveLength(1);
    expect(await detectFaces(photo, nets, { minFace: 160 })).toEqual([]);
    expect(await detectFaces(photo, nets, { minFacePart: 0.5 })).toEqual([]);
  });

  test.for(['left', 'right', 'top', 'bottom'] as const)(
    'cut by the %s edge, with a box that leaves the photo',
    async (edge) => {
      const cut = 0.25;
      const faces = await Promise.all(
        portraits.slice(0, 6).map(async ({ file, box, around }) => {
          const right = around.left + around.width;
          const bottom = around.top + around.height;
          const window = {
            left: edge === 'left' ? Math.round(box.left + cut * box.width) : around.left,
            top: edge === 'top' ? Math.round(box.top + cut * box.height) : around.top,
            right: edge === 'right' ? Math.round(box.left + (1 - cut) * box.width) : right,
            bottom: edge === 'bottom' ? Math.round(box.top + (1 - cut) * box.height) : bottom,
          };
          const { left, top } = window;
          const photo = await pixelsOf(
            sharp(file).extract({ left, top, width: window.right - left, height: window.bottom - top }),
          );
          const [face] = await detectFaces(photo, nets, { secondLook: false });
          return { face, photo };
        }),
      );

      const outside = faces.filter(({ face, photo }) => {
        if (!face) return false;
        const { left, top, width, height } = face.box;
        return { left: left < 0, top: top < 0, right: left + width > photo.width, bottom: top + height > photo.height }[
          edge
        ];
      });
      expect(outside.length).toBeGreaterThanOrEqual(5);
    },
  );

  test.for([-30, -15, 15, 30])('tilted by %i°', async (angle) => {
    const upright = await detectFaces(await pixelsOf(sample(3)), nets);
    const photo = await pixelsOf(sample(3).rotate(angle, { background: '#808080' }));
    const [sin, cos] = [Math.sin((angle * Math.PI) / 180), Math.cos((angle * Math.PI) / 180)];

    const faces = await detectFaces(photo, nets);

    expect(upright).toHaveLength(3);
    for (const { landmarks, box } of upright) {
      const [x, y] = centreOf(Object.values(landmarks));
      const [right, down] = [x - 1920 / 2, y - 1350 / 2];
      const expected = [photo.width / 2 + cos * right - sin * down, photo.height / 2 + sin * right + cos * down];
      const distances = faces.map((face) => {
        const [left, top] = centreOf(Object.values(face.landmarks));
        return Math.hypot(left - expected[0]!, top - expected[1]!);
      });
      expect(Math.min(...distances)).toBeLessThan(0.12 * box.width);
    }
  });

  test('in a photo of 48 megapixels', async () => {
    const places = portraits.slice(0, 8).map((portrait, i) => ({ portrait, left: 950 * i + 200, top: 600 * i + 300 }));
    const { photo, boxes } = await compose({ width: 8000, height: 6000 }, places, 180);

    const faces = await detectFaces(photo, nets);

    expect(foundOf(boxes, faces)).toBe(8);
    expect(faces.length).toBeLessThanOrEqual(9);
  });
});

describe('a photo that lies on its side without saying so', () => {
  test.for([90, 180, 270])('by %i° gets a second look', async (angle) => {
    const upright = await detectFaces(await pixelsOf(sample(3)), nets);
    const photo = await pixelsOf(sample(3).rotate(angle));
    const turn = ([x, y]: readonly [number, number]): [number, number] => {
      if (angle === 90) return [photo.width - y, x];
      return angle === 180 ? [photo.width - x, photo.height - y] : [y, photo.height - x];
    };

    const faces = await detectFaces(photo, nets);

    expect(faces).toHaveLength(upright.length);
    for (const [i, face] of faces.entries()) {
      const expected = upright[i]!;
      expect(face.confidence).toBeCloseTo(expected.confidence, 3);
      for (const point of ['leftEye', 'rightEye', 'nose', 'mouthLeft', 'mouthRight'] as const) {
        const [x, y] = turn(expected.landmarks[point]);
        expect(Math.hypot(face.landmarks[point][0] - x, face.landmarks[point][1] - y)).toBeLessThan(2);
      }
    }
  });

  test('is not looked at again when that is not wanted', async () => {
    const photo = await pixelsOf(sample(3).rotate(90));

    const faces = await detectFaces(photo, nets, { secondLook: false });

    expect(faces.filter(({ confidence }) => confidence > 0.99)).toEqual([]);
  });

  test('and has no face at all in it gives none', async () => {
    let seed = 1;
    const data = Uint8Array.from({ length: 300 * 200 * 3 }, () => {
      seed = (seed * 16807) % 2147483647;
      return seed & 255;
    });

    expect(await detectFaces({ width: 300, height: 200, data }, nets)).toEqual([]);
  });
});
