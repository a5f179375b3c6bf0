import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { arcFaceTemplate } from '../../lib/vision/templates.ts';
import { asPreview, pngBomb, quarters, slowTiff } from './odd-images.ts';
import { expectColour, expectQuarters, expectRejected, expectRejectedOrDecoded, quartersOf } from './photos.ts';

const limits = { maxImageBytes: 1_000_000, maxPixels: 120_000_000 };
const decoder = createSharpDecoder(limits);
const width = 48;
const height = 32;

describe('a photo is decoded', () => {
  test.for([
    ['JPEG', (image: Sharp) => image.jpeg({ quality: 95 }), 6],
    ['progressive JPEG', (image: Sharp) => image.jpeg({ quality: 95, progressive: true }), 6],
    ['PNG', (image: Sharp) => image.png(), 0],
    ['PNG with a palette', (image: Sharp) => image.png({ palette: true }), 2],
    ['16-bit PNG', (image: Sharp) => image.toColourspace('rgb16').png(), 1],
    ['WebP', (image: Sharp) => image.webp({ lossless: true }), 1],
    ['AVIF', (image: Sharp) => image.avif({ quality: 90 }), 8],
    ['TIFF', (image: Sharp) => image.tiff({ compression: 'lzw' }), 0],
    ['GIF', (image: Sharp) => image.gif(), 4],
  ] as const)('from %s', async ([, save, tolerance]) => {
    const bytes = await save(quarters(width, height)).toBuffer();

    expectQuarters(await decoder.decode(bytes), tolerance);
  });

  test.for([1, 2, 3, 4, 5, 6, 7, 8])('upright from EXIF orientation %i', async (orientation) => {
    const sensor = quarters(width, height, orientation);
    const bytes = await sensor.withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();

    expectQuarters(await decoder.decode(bytes), 6);
  });

  test('in sRGB from a CMYK JPEG', async () => {
    const bytes = await quarters(width, height).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe('cmyk');

    // Print cannot show these colours, so they come back no nearer; taken for RGB, or inverted, they would be 150 and more away.
    expectQuarters(await decoder.decode(bytes), 75);
  });

  test.for([
    ['JPEG', (image: Sharp) => image.jpeg({ quality: 95 }), 6],
    ['PNG', (image: Sharp) => image.png(), 2],
    ['WebP', (image: Sharp) => image.webp({ lossless: true }), 2],
    ['TIFF', (image: Sharp) => image.tiff({ compression: 'lzw' }), 2],
    ['AVIF', (image: Sharp) => image.avif({ quality: 90 }), 8],
  ] as const)('in sRGB from a %s in Display P3', async ([, save, tolerance]) => {
    const bytes = await save(quarters(width, height).withIccProfile('p3')).toBuffer();
    const numbers = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(numbers[0], 'red in a wider space is less of the whole').toBeLessThan(210);

    expectQuarters(await decoder.decode(bytes), tolerance);
  });

  test('in sRGB from an AVIF in Display P3 that is told by code points', async () => {
    const bytes = readFileSync(join(import.meta.dirname, 'goldens', 'code-points.avif'));
    const primaries = bytes.indexOf('colrnclx') + 8;

    bytes.writeUInt16BE(1, primaries);
    expect(quartersOf(await decoder.decode(bytes))[0]![0]).toBeLessThan(210);
    bytes.writeUInt16BE(12, primaries);
    expectQuarters(await decoder.decode(bytes), 6);
  });

  test('in three channels from grey', async () => {
    const grey = { create: { width, height, channels: 3 as const, background: { r: 90, g: 90, b: 90 } } };
    const bytes = [
      await sharp(grey).greyscale().jpeg().toBuffer(),
      await sharp(grey).toColourspace('grey16').png().toBuffer(),
    ];

    for (const file of bytes) {
      const { data } = await decoder.decode(file);
      expect(data).toHaveLength(width * height * 3);
      expectColour([...data.subarray(0, 3)], [90, 90, 90], 1);
    }
  });

  test('on white from a 16-bit PNG with alpha', async () => {
    const half = { create: { width, height, channels: 4 as const, background: { r: 200, g: 30, b: 60, alpha: 0.5 } } };
    const bytes = await sharp(half).toColourspace('rgb16').png().toBuffer();
    expect(await sharp(bytes).metadata()).toMatchObject({ depth: 'ushort', hasAlpha: true });

    const { data } = await decoder.decode(bytes);

    expect(data).toHaveLength(width * height * 3);
    expectColour([...data.subarray(0, 3)], [227, 142, 157], 1);
  });

  test.for(['gif', 'webp', 'tiff'] as const)('by its first frame from a %s of several', async (format) => {
    const first = await quarters(width, height).png().toBuffer();
    const second = await quarters(width, height).negate().png().toBuffer();
    const bytes = await sharp([first, second], { join: { animated: true } })
      .toFormat(format, format === 'webp' ? { lossless: true } : {})
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);

    expectQuarters(await decoder.decode(bytes), 6);
  });

  test('by the first picture of an AVIF sequence', async () => {
    const bytes = readFileSync(join(import.meta.dirname, 'goldens', 'sequence.avif'));

    expectQuarters(await decoder.decode(bytes), 6);
  });

  test('when stray bytes stand before its end or after it, such as the film of a motion photo', async () => {
    const bytes = await quarters(width, height).jpeg({ quality: 95 }).toBuffer();
    const end = bytes.subarray(-2);
    const stray = Buffer.from([1, 2, 3, 4]);

    expectQuarters(await decoder.decode(Buffer.concat([bytes.subarray(0, -2), stray, end, stray])), 6);
  });

  test('from a view into a larger buffer', async () => {
    const bytes = await quarters(width, height).png().toBuffer();
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 10);

    expectQuarters(await decoder.decode(larger.subarray(10, 10 + bytes.length)), 0);
  });
});

describe('a photo is rejected', () => {
  test('when it is empty', () => expectRejected(decoder, new Uint8Array(0), 'EMPTY_IMAGE'));

  test('when it has more bytes than allowed', () =>
    expectRejected(createSharpDecoder({ maxImageBytes: 10, maxPixels: 100 }), Buffer.alloc(11), 'IMAGE_TOO_LARGE'));

  test.for([
    ['a text', Buffer.from('this is no photo, though it is called one.jpg')],
    ['one byte', Buffer.from([0xff])],
    [
      'an SVG',
      Buffer.from(
        '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"><rect width="50" height="50"/></svg>',
      ),
    ],
    [
      'an SVG with an XML declaration',
      Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"/>'),
    ],
    ['a PDF', Buffer.from('%PDF-1.7\n')],
    ['a film', Buffer.from('\0\0\0\x18ftypmp42\0\0\0\0isommp42', 'latin1')],
  ] as const)('when it is %s', ([, bytes]) => expectRejected(decoder, bytes, 'UNSUPPORTED_IMAGE_FORMAT'));

  test("when it is a camera's raw file, in which sharp would find the thumbnail", async () => {
    const raw = asPreview(await quarters(width, height).tiff().toBuffer());
    expect((await sharp(raw).metadata()).width).toBe(width);

    await expectRejected(decoder, raw, 'UNSUPPORTED_IMAGE_FORMAT');
  });

  test.for(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)('when half of a %s is missing', async (format) => {
    const noise = sharp({
      create: {
        width: 64,
        height: 64,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
        background: 'black',
      },
    });
    const bytes = await noise.toFormat(format).toBuffer();

    await decoder.decode(bytes);
    await expectRejected(decoder, bytes.subarray(0, bytes.length / 2), 'CORRUPT_IMAGE');
  });

  test.for(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'or decoded, wherever a %s is damaged',
    async (format) => {
      const small = createSharpDecoder({ ...limits, maxPixels: 1_000_000 });
      const bytes = await quarters(width, height).withIccProfile('p3').toFormat(format).toBuffer();
      await expectRejectedOrDecoded(small, bytes, 50);
    },
  );

  test('when a JPEG has lost but the last of its bytes', async () => {
    const bytes = await quarters(width, height).jpeg().toBuffer();

    for (const lost of [2, 10, 100]) await expectRejected(decoder, bytes.subarray(0, -lost), 'CORRUPT_IMAGE');
  });

  test('when only the signature is that of a photo', async () => {
    for (const signature of ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF89a', 'RIFF\0\0\0\0WEBP', 'II*\0']) {
      await expectRejected(decoder, Buffer.from(`${signature} and nothing else`, 'latin1'), 'CORRUPT_IMAGE');
    }
  });

  test.for([
    [1, 1],
    [11, 400],
    [400, 11],
  ] as const)('when it is %i × %i', async ([width, height]) => {
    const create = { width, height, channels: 3 as const, background: 'white' };

    await expectRejected(decoder, await sharp({ create }).png().toBuffer(), 'IMAGE_TOO_SMALL');
  });

  test('but not at the smallest side in which a face can be', async () => {
    const create = { width: 12, height: 12, channels: 3 as const, background: 'white' };

    expect(await decoder.decode(await sharp({ create }).png().toBuffer())).toMatchObject({ width: 12, height: 12 });
  });

  test('when it is a bomb of 30,000 × 30,000, before it is decoded', () =>
    expectRejected(decoder, pngBomb(30_000, 30_000), 'TOO_MANY_PIXELS'));

  test('when it takes too long', async () => {
    const bytes = slowTiff(10_000, 100);
    expect(bytes.length).toBeLessThan(10_000);

    await expectRejected(createSharpDecoder({ ...limits, timeoutSeconds: 1 }), bytes, 'IMAGE_TOO_SLOW');
  });

  test('with what was expected, what came and what to do', async () => {
    await expect(decoder.decode(pngBomb(30_000, 30_000))).rejects.toThrow(
      'Expected at most 120000000 pixels, received 30000 × 30000. Use a smaller copy of the photo.',
    );
  });
});

describe('where only large faces are wanted', () => {
  const crop = { kind: 'similarity', size: 112, template: arcFaceTemplate } as const;
  const large = createSharpDecoder({ ...limits, minFace: 320, crop });

  test.for([1, 6])(
    'a JPEG is decoded smaller than it is, and tells its size (EXIF orientation %i)',
    async (orientation) => {
      const sensor = quarters(481, 323, orientation);
      const photo = await large.decode(await sensor.withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer());

      expectQuarters(photo, 6, { width: 120, height: 80 });
      expect(photo.photo).toEqual({ width: 481, height: 323 });
    },
  );

  test('other formats, which would gain nothing, are decoded in full', async () => {
    const photo = await large.decode(await quarters(480, 320).png().toBuffer());

    expect(photo).toMatchObject({ width: 480, height: 320 });
    expect(photo.photo).toBeUndefined();
  });

  test('nor is a JPEG smaller when nobody says for which crop', async () => {
    const bytes = await quarters(480, 320).jpeg().toBuffer();

    expect(await createSharpDecoder({ ...limits, minFace: 320 }).decode(bytes)).toMatchObject({ width: 480 });
  });

  test('a part of the photo counts as well', async () => {
    const bytes = await quarters(960, 640).jpeg().toBuffer();

    expect(await createSharpDecoder({ ...limits, minFacePart: 0.3, crop }).decode(bytes)).toMatchObject({ width: 480 });
  });
});
