import { describe, expect, test } from 'vitest';
import { heicToTiff } from '../../lib/adapters/heic-decoder.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { box, colourPoints, goldenHeic, type HeifOptions, heif, mirrored, picturesOf, rotated } from './heif-file.ts';
import { expectColour, expectQuarters, expectRejected, expectRejectedOrDecoded, quartersOf } from './photos.ts';

const decoder = createSharpDecoder({ maxImageBytes: 1_000_000, maxPixels: 120_000_000 });
const width = 48;
const height = 32;
/** How far HEVC at this quality is off. */
const tolerance = 6;

const [red, green, blue, yellow] = picturesOf(goldenHeic('tiles'));
/** The picture of 48 × 32 with its quarters, in a coded one of 64 × 64. */
const whole = { tiles: picturesOf(goldenHeic('eight-bit')), columns: 1, width, height } satisfies HeifOptions;

describe('a HEIC is decoded', () => {
  test.for(['eight-bit', 'ten-bit', 'display-p3'])('with its colours in sRGB: %s', async (name) => {
    expectQuarters(await decoder.decode(goldenHeic(name)), tolerance);
  });

  test('in sRGB from Display P3 that is told by code points', async () => {
    const file = { ...whole, tiles: picturesOf(goldenHeic('display-p3')) };

    expectQuarters(await decoder.decode(heif({ ...file, properties: [colourPoints(12, 13)] })), tolerance);
    const untold = await decoder.decode(heif({ ...file, properties: [colourPoints(1, 13)] }));
    expect(quartersOf(untold)[0]![0]).toBeLessThan(210);
  });

  test('on white from one with alpha', async () => {
    const photo = await decoder.decode(goldenHeic('alpha'));

    for (const [i, colour] of quartersOf(photo).entries()) {
      expectColour(
        colour,
        [
          [237, 147, 147],
          [147, 227, 157],
          [152, 157, 232],
          [242, 232, 152],
        ][i]!,
        tolerance,
      );
    }
  });

  test('from the 48 tiles of an iPhone, cut off at the edge', async () => {
    const tiles = Array.from({ length: 48 }, (_, i) => {
      const [left, right] = i < 24 ? [red!, green!] : [blue!, yellow!];
      return i % 8 < 4 ? left : right;
    });

    const photo = await decoder.decode(heif({ tiles, columns: 8, width: 500, height: 376 }));

    expectQuarters(photo, tolerance, { width: 500, height: 376 });
  });

  /** The quarters as they lie in the file; which of them comes where is what HEIF says of turning and mirroring. */
  test.for([
    ['turned by a quarter', [rotated(1)], [1, 3, 0, 2]],
    ['turned by two quarters', [rotated(2)], [3, 2, 1, 0]],
    ['turned by three quarters', [rotated(3)], [2, 0, 3, 1]],
    ['upside down', [mirrored(0)], [2, 3, 0, 1]],
    ['mirrored', [mirrored(1)], [1, 0, 3, 2]],
    ['turned, then upside down', [rotated(1), mirrored(0)], [0, 2, 1, 3]],
  ] as const)('upright when it is %s', async ([, properties, order]) => {
    const straight = quartersOf(await decoder.decode(heif(whole)));

    const photo = await decoder.decode(heif({ ...whole, properties }));

    expect([photo.width, photo.height].sort()).toEqual([height, width]);
    expect(quartersOf(photo)).toEqual(order.map((place) => straight[place]));
  });

  test('without a look at the orientation in its EXIF, which the file has carried out already', async () => {
    expectQuarters(await decoder.decode(goldenHeic('exif-orientation')), tolerance);
  });

  test('by the first picture of a sequence', async () => {
    expectQuarters(await decoder.decode(goldenHeic('sequence')), tolerance);
  });

  test('when it carries a film, as the motion photos of Samsung do', async () => {
    const film = box('mpvd', box('ftyp', Buffer.from('mp42\0\0\0\0', 'latin1')), box('mdat', Buffer.alloc(100)));

    expectQuarters(await decoder.decode(heif({ ...whole, tail: film })), tolerance);
  });

  test('from a view into a larger buffer, which it leaves as it is', async () => {
    const bytes = goldenHeic('eight-bit');
    const larger = Buffer.concat([Buffer.alloc(10), bytes, Buffer.alloc(10)]);

    expectQuarters(await decoder.decode(larger.subarray(10, 10 + bytes.length)), tolerance);
    expect(larger.subarray(10, 10 + bytes.length)).toEqual(bytes);
  });

  test('several at a time', async () => {
    const photos = await Promise.all(
      ['eight-bit', 'ten-bit', 'display-p3'].map((name) => decoder.decode(goldenHeic(name))),
    );

    for (const photo of photos) expectQuarters(photo, tolerance);
  });
});

describe('a HEIC is rejected', () => {
  test('when it has lost its tail', async () => {
    const bytes = goldenHeic('tiles');

    for (const kept of [0.2, 0.5, 0.7])
      await expectRejected(decoder, bytes.subarray(0, kept * bytes.length), 'CORRUPT_IMAGE');
  });

  test('when only its brand is that of a HEIC', () =>
    expectRejected(decoder, Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 'CORRUPT_IMAGE'));

  test('when a tile has lost its tail', () => {
    const [tile] = whole.tiles;
    const cut = { ...tile!, samples: tile!.samples.subarray(0, tile!.samples.length / 2) };

    return expectRejected(decoder, heif({ ...whole, tiles: [cut] }), 'CORRUPT_IMAGE');
  });

  test('when it is a bomb, before it is decoded', () => {
    const bomb = heif({ tiles: [red!], columns: 1, width: 30_000, height: 30_000 });

    return expectRejected(decoder, bomb, 'TOO_MANY_PIXELS');
  });

  test('when its pictures are larger than it says', () =>
    expectRejected(
      decoder,
      heif({ tiles: [red!], columns: 1, width: 16, height: 16, tileSize: [16, 16] }),
      'CORRUPT_IMAGE',
    ));

  test('when it is too small', () =>
    expectRejected(decoder, heif({ ...whole, width: 11, height: 32 }), 'IMAGE_TOO_SMALL'));

  test('or decoded, wherever it is damaged', () => expectRejectedOrDecoded(decoder, goldenHeic('eight-bit'), 15));

  test('when it takes too long', async () => {
    const tiles = Array.from({ length: 900 }, () => red!);
    const large = heif({ tiles, columns: 30, width: 1920, height: 1920 });

    await expect(heicToTiff(large, { timeoutSeconds: 0.1, check: () => {} })).rejects.toMatchObject({
      code: 'IMAGE_TOO_SLOW',
    });
  });
});
