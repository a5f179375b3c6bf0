import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DrawnFace, drawFaces } from '../../lib/adapters/sharp-drawing.ts';
import type { RgbImage } from '../../lib/vision/image.ts';

const grey: RgbImage = { width: 400, height: 300, data: new Uint8Array(400 * 300 * 3).fill(128) };

function faceAt(left: number, top: number, side: number): DrawnFace {
  const at = (x: number, y: number) => [left + x * side, top + y * side] as const;
  return {
    box: { left, top, width: side, height: side },
    landmarks: {
      leftEye: at(0.3, 0.4),
      rightEye: at(0.7, 0.4),
      nose: at(0.5, 0.6),
      mouthLeft: at(0.35, 0.8),
      mouthRight: at(0.65, 0.8),
    },
  };
}

/** How many pixels in a rectangle are no longer grey. */
async function drawnIn(file: Uint8Array, left: number, top: number, width: number, height: number): Promise<number> {
  const data = await sharp(file).extract({ left, top, width, height }).removeAlpha().raw().toBuffer();
  let drawn = 0;
  for (let i = 0; i < data.length; i += 3) {
    if (Math.max(...[0, 1, 2].map((channel) => Math.abs(data[i + channel]! - 128))) > 24) drawn++;
  }
  return drawn;
}

describe('drawing faces', () => {
  test.for(['jpeg', 'png'] as const)('answers a %s of the same size', async (format) => {
    const file = await drawFaces(grey, [faceAt(100, 100, 80)], format);

    expect(await sharp(file).metadata()).toMatchObject({ format, width: 400, height: 300 });
  });

  test('draws each box and its landmarks, and leaves the rest as it was', async () => {
    const file = await drawFaces(grey, [faceAt(100, 100, 80)], 'png');

    expect(await drawnIn(file, 98, 120, 5, 40)).toBeGreaterThan(100);
    expect(await drawnIn(file, 122, 130, 5, 5)).toBeGreaterThan(4);
    expect(await drawnIn(file, 108, 108, 64, 15)).toBe(0);
    expect(await drawnIn(file, 200, 0, 200, 300)).toBe(0);
    expect(await drawnIn(file, 0, 0, 400, 90)).toBe(0);
  });

  test('writes a name above its box, and within it at the upper edge', async () => {
    const middle = await drawFaces(grey, [{ ...faceAt(100, 100, 80), person: 'Ann', similarity: 97.6 }], 'png');
    const edge = await drawFaces(grey, [{ ...faceAt(100, -20, 80), person: 'Ann', similarity: 97.6 }], 'png');

    expect(await drawnIn(middle, 100, 80, 80, 17)).toBeGreaterThan(40);
    expect(await drawnIn(edge, 105, 0, 60, 10)).toBeGreaterThan(40);
  });

  test('keeps a name in the photo at its right edge', async () => {
    const file = await drawFaces(grey, [{ ...faceAt(330, 100, 60), person: 'Somebody With A Long Name' }], 'png');

    expect(await drawnIn(file, 220, 80, 100, 17)).toBeGreaterThan(40);
  });

  test.for(['<&>"\'', "Ann O'Neil", '王芳', '\u0001\ud800\uffff', '</text><script/>'])(
    'takes a name such as %j',
    async (person) => {
      const file = await drawFaces(grey, [{ ...faceAt(100, 100, 80), person, similarity: 100 }], 'png');

      expect(await drawnIn(file, 98, 120, 5, 40)).toBeGreaterThan(100);
    },
  );

  test('draws boxes on a machine without fonts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'no-fonts-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const fonts = join(folder, 'fonts.conf');
    await writeFile(fonts, '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>');
    const out = join(folder, 'out.png');
    const drawing = new URL('../../lib/adapters/sharp-drawing.ts', import.meta.url).href;
    const script = `
      import { writeFile } from 'node:fs/promises';
      const { drawFaces } = await import(${JSON.stringify(drawing)});
      const photo = { width: 400, height: 300, data: new Uint8Array(400 * 300 * 3).fill(128) };
      const face = { ...${JSON.stringify(faceAt(100, 100, 80))}, person: 'Ann', similarity: 97 };
      await writeFile(${JSON.stringify(out)}, await drawFaces(photo, [face], 'png'));`;

    await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      env: { ...process.env, FONTCONFIG_FILE: fonts },
    });

    expect(await drawnIn(await readFile(out), 98, 120, 5, 40)).toBeGreaterThan(100);
  });
});
