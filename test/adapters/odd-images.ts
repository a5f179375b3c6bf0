import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';

/** A PNG that says it is of this size and holds one row of nothing. */
export function pngBomb(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(1, 8);
  const chunks = [pngChunk('IHDR', header), pngChunk('IDAT', deflateSync(Buffer.alloc(16))), pngChunk('IEND')];
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]);
}

function pngChunk(type: string, data = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A CMYK TIFF of a few kilobytes, all of whose strips are the same one: a hundred million pixels that each have to be converted. */
export function slowTiff(side: number, rowsPerStrip: number): Buffer {
  const strip = deflateSync(Buffer.alloc(side * rowsPerStrip * 4));
  const strips = side / rowsPerStrip;
  const short = 3;
  const long = 4;
  const stripAt = 8;
  const offsetsAt = stripAt + strip.length + (strip.length % 2);
  const countsAt = offsetsAt + strips * 4;
  const bitsAt = countsAt + strips * 4;
  const directoryAt = bitsAt + 8;
  const entries = [
    [256, long, 1, side],
    [257, long, 1, side],
    [258, short, 4, bitsAt],
    [259, short, 1, 8],
    [262, short, 1, 5],
    [273, long, strips, offsetsAt],
    [277, short, 1, 4],
    [278, long, 1, rowsPerStrip],
    [279, long, strips, countsAt],
  ] as const;
  const file = Buffer.alloc(directoryAt + 2 + entries.length * 12 + 4);
  file.write('II*\0', 'latin1');
  file.writeUInt32LE(directoryAt, 4);
  strip.copy(file, stripAt);
  for (let i = 0; i < strips; i++) {
    file.writeUInt32LE(stripAt, offsetsAt + i * 4);
    file.writeUInt32LE(strip.length, countsAt + i * 4);
  }
  for (let i = 0; i < 4; i++) file.writeUInt16LE(8, bitsAt + i * 2);
  file.writeUInt16LE(entries.length, directoryAt);
  entries.forEach(([tag, type, count, value], i) => {
    const at = directoryAt + 2 + i * 12;
    file.writeUInt16LE(tag, at);
    file.writeUInt16LE(type, at + 2);
    file.writeUInt32LE(count, at + 4);
    file.writeUInt32LE(value, at + 8);
  });
  return file;
}

/** A little-endian TIFF whose first picture calls itself a smaller copy of another, as that of a camera's raw file does: in place of a field that says little. */
export function asPreview(tiff: Buffer): Buffer {
  const directory = tiff.readUInt32LE(4);
  const fields = Array.from({ length: tiff.readUInt16LE(directory) }, (_, i) => directory + 2 + i * 12);
  const resolutionUnit = fields.find((at) => tiff.readUInt16LE(at) === 296)!;
  const raw = Buffer.from(tiff);
  raw.writeUInt16LE(254, resolutionUnit);
  raw.writeUInt16LE(4, resolutionUnit + 2);
  raw.writeUInt32LE(1, resolutionUnit + 8);
  return raw;
}

/** Where a pixel of the sensor belongs in the upright picture of w × h, by EXIF orientation 1 to 8 (EXIF 2.3, tag 0x0112). */
const uprightPlaces: readonly ((x: number, y: number, w: number, h: number) => readonly [x: number, y: number])[] = [
  (x, y) => [x, y],
  (x, y, w) => [w - 1 - x, y],
  (x, y, w, h) => [w - 1 - x, h - 1 - y],
  (x, y, _, h) => [x, h - 1 - y],
  (x, y) => [y, x],
  (x, y, w) => [w - 1 - y, x],
  (x, y, w, h) => [w - 1 - y, h - 1 - x],
  (x, y, _, h) => [y, h - 1 - x],
];

export const quarterColours = [
  [220, 40, 40],
  [40, 200, 60],
  [50, 60, 210],
  [230, 210, 50],
] as const;

/**
 * A picture that looks different every way it is turned: red, green, blue and yellow quarters, row by row. It is upright; with another orientation, it
 * is what a camera that was held so has on its sensor.
 */
export function quarters(width: number, height: number, orientation = 1): Sharp {
  const [columns, rows] = orientation < 5 ? [width, height] : [height, width];
  const data = Buffer.alloc(columns * rows * 3);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = uprightPlaces[orientation - 1]!(column, row, width, height);
      const quarter = (y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1);
      data.set(quarterColours[quarter]!, (row * columns + column) * 3);
    }
  }
  return sharp(data, { raw: { width: columns, height: rows, channels: 3 } });
}
