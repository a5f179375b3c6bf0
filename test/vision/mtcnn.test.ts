import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { openMtcnnNets } from '../../lib/adapters/onnx-mtcnn-nets.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { modelsFolder } from '../../lib/config.ts';
import { detectFaces, pyramidScales } from '../../lib/vision/mtcnn.ts';
import type { MtcnnNets } from '../../lib/vision/mtcnn-nets.ts';
import { seededRandom } from '../../lib/vision/seeded-random.ts';
import { agreementWith, type ReferencePhoto, readSampleReference } from './mtcnn-reference.ts';

const decoder = createSharpDecoder({ maxImageBytes: 10_000_000, maxPixels: 120_000_000 });
const shared = '../shared/data';
let nets: MtcnnNets;

beforeAll(async () => {
  nets = await openMtcnnNets(modelsFolder(), 1);
});

async function readReference(path: string): Promise<Record<string, ReferencePhoto>> {
  return JSON.parse(await readFile(path, 'utf8'));
}

async function agreementOn(reference: Readonly<Record<string, ReferencePhoto>>, pathOf: (name: string) => string) {
  const photos = [];
  for (const [name, photo] of Object.entries(reference)) {
    const faces = await detectFaces(await decoder.decode(await readFile(pathOf(name))), nets);
    photos.push({ reference: photo, faces });
  }
  return agreementWith(photos);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

function samplePath(name: string): string {
  return fileURLToPath(import.meta.resolve(name));
}

describe('faces agree with the reference implementation', () => {
  test('in the sample photos, each of them', async () => {
    const agreement = await agreementOn(await readSampleReference(), samplePath);

    expect(agreement).toMatchObject({ expected: 20, found: 20, extras: 0 });
    // The reference's numbers are rounded to 0.01 pixels and its JPEG decoder rounds otherwise than sharp's; boxes here are some 200 pixels wide.
    expect(Math.max(...agreement.landmarkErrors)).toBeLessThan(0.01);
  });

  test.skipIf(!existsSync(`${shared}/mtcnn/mtcnn-reference.json`))(
    'in 84 photos (skipped without ../shared)',
    async () => {
      const agreement = await agreementOn(await readReference(`${shared}/mtcnn/mtcnn-reference.json`), (name) => {
        if (name.startsWith('@')) return samplePath(name);
        return name.startsWith('lfw/') ? `${shared}/lfw/images/${name.slice(4)}` : `${shared}/photos/${name}`;
      });

      expect(agreement.found / agreement.expected).toBeGreaterThanOrEqual(0.99);
      expect(agreement.expected).toBe(111);
      // A fiftieth of the box would do; JPEG decoders differ by far less.
      expect(mean(agreement.landmarkErrors)).toBeLessThan(0.002);
      expect(agreement.extras / agreement.faces).toBeLessThanOrEqual(0.03);
    },
  );
});

describe('the pyramid', () => {
  test('begins where the smallest face fills a window and ends where the window fills the photo', () => {
    expect(pyramidScales({ width: 60, height: 48 }, 24, 0.5)).toEqual([0.5, 0.25]);
    expect(pyramidScales({ width: 23, height: 100 }, 24, 0.5)).toEqual([]);
  });

  test('has every level that a window fits in, and no other', () => {
    const side = fc.integer({ min: 12, max: 20_000 });
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 12, max: 200 }),
        fc.double({ min: 0.4, max: 0.9, noNaN: true }),
        (...args) => {
          const [width, height, minFace, factor] = args;
          const scales = pyramidScales({ width, height }, minFace, factor);
          for (const [i, scale] of scales.entries()) {
            expect(scale).toBeCloseTo((12 / minFace) * factor ** i, 9);
            expect(Math.min(width, height) * scale).toBeGreaterThanOrEqual(12);
          }
          const next = (12 / minFace) * factor ** scales.length;
          expect(Math.min(width, height) * next).toBeLessThan(12.000001);
        },
      ),
    );
  });
});

describe('a photo', () => {
  test.for([
    ['in which no face of the wanted size has room', 12, 12],
    ['in which no face of the wanted size has room', 19, 300],
    ['in which no face of the wanted size has room', 300, 19],
    ['in which one just has room', 20, 20],
    ['in which one just has room', 20, 6000],
    ['in which one just has room', 6000, 20],
  ] as const)('of noise has no face, also one %s: %i × %i', async ([, width, height]) => {
    const random = seededRandom(1);
    const data = Uint8Array.from({ length: width * height * 3 }, () => 256 * random());

    expect(await detectFaces({ width, height, data }, nets)).toEqual([]);
  });
});
