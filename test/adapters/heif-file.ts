import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A coded picture of HEVC: its configuration (the hvcC box), its samples, and its size in pixels. */
export interface HevcPicture {
  readonly configuration: Buffer;
  readonly samples: Buffer;
  readonly width: number;
  readonly height: number;
}

export interface HeifOptions {
  /** Of one size and one configuration, row by row. */
  readonly tiles: readonly HevcPicture[];
  readonly columns: number;
  /** Of the whole picture, from its upper left corner. */
  readonly width: number;
  readonly height: number;
  /** More properties of the whole picture: boxes such as `rotated`, `mirrored`, in the order in which they are carried out. */
  readonly properties?: readonly Buffer[];
  /** What the file says of the size of a tile, where that is a lie. */
  readonly tileSize?: readonly [width: number, height: number];
  /** What stands after the last box. */
  readonly tail?: Buffer;
}

export function goldenHeic(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, 'goldens', `${name}.heic`));
}

/** Turns by so many quarters against the clock (ISO/IEC 23008-12, 6.5.10). */
export const rotated = (quarters: number) => box('irot', Buffer.from([quarters]));
/** Exchanges top and bottom (0), or left and right (1) (ISO/IEC 23008-12:2022, 6.5.12; the first edition could be read either way). */
export const mirrored = (axis: 0 | 1) => box('imir', Buffer.from([axis]));
/** Colours by code points of ITU-T H.273; the matrix is that of sRGB's JPEGs (BT.601), in full range. */
export const colourPoints = (primaries: number, transfer: number) =>
  box('colr', Buffer.from('nclx'), words(2, primaries, transfer, 6), Buffer.from([0x80]));

/**
 * A picture out of tiles, as an iPhone writes its photos: a grid whose tiles are items of their own (ISO/IEC 23008-12, 6.6.2.3). Tiles that are the same one
 * share their samples.
 */
export function heif({
  tiles,
  columns,
  width,
  height,
  properties = [],
  tileSize,
  tail = Buffer.alloc(0),
}: HeifOptions): Buffer {
  const [tile] = tiles as [HevcPicture];
  const ids = tiles.map((_, i) => i + 2);
  const shared = [...new Set(tiles.map(({ samples }) => samples))];
  const media = box('mdat', ...shared);
  const container = box('ftyp', Buffer.from('heic'), words(4, 0), Buffer.from('mif1heic'));
  const [tileWidth, tileHeight] = tileSize ?? [tile.width, tile.height];
  const all = [tile.configuration, extents(tileWidth, tileHeight), extents(width, height), ...properties];
  const associations = (id: number, indices: readonly number[]) =>
    Buffer.concat([words(2, id), Buffer.from([indices.length, ...indices])]);
  const entry = (id: number, type: string) =>
    fullBox('infe', 2, id === 1 ? 0 : 1, words(2, id, 0), Buffer.from(`${type}\0`));
  const grid = Buffer.concat([Buffer.from([0, 1, tiles.length / columns - 1, columns - 1]), words(4, width, height)]);
  const metaOf = (mediaAt: number) => {
    const placeOf = (samples: Buffer) =>
      mediaAt + 8 + shared.slice(0, shared.indexOf(samples)).reduce((sum, { length }) => sum + length, 0);
    const location = (id: number, method: number, at: number, length: number) =>
      Buffer.concat([words(2, id, method, 0, 1), words(4, at, length)]);
    return fullBox(
      'meta',
      0,
      0,
      fullBox('hdlr', 0, 0, words(4, 0), Buffer.from('pict'), Buffer.alloc(13)),
      fullBox('pitm', 0, 0, words(2, 1)),
      fullBox('iinf', 0, 0, words(2, tiles.length + 1), entry(1, 'grid'), ...ids.map((id) => entry(id, 'hvc1'))),
      fullBox('iref', 0, 0, box('dimg', words(2, 1, tiles.length, ...ids))),
      box(
        'iprp',
        box('ipco', ...all),
        fullBox(
          'ipma',
          0,
          0,
          words(4, tiles.length + 1),
          associations(
            1,
            all.slice(2).map((_, i) => i + 3),
          ),
          ...ids.map((id) => associations(id, [0x81, 2])),
        ),
      ),
      fullBox(
        'iloc',
        1,
        0,
        Buffer.from([0x44, 0]),
        words(2, tiles.length + 1),
        location(1, 1, 0, grid.length),
        ...tiles.map(({ samples }, i) => location(ids[i]!, 0, placeOf(samples), samples.length)),
      ),
      box('idat', grid),
    );
  };
  const mediaAt = container.length + metaOf(0).length;
  return Buffer.concat([container, metaOf(mediaAt), media, tail]);
}

/** The coded pictures in a file that heif-enc 1.15 wrote. */
export function picturesOf(file: Buffer): HevcPicture[] {
  const meta = childrenOf(find(childrenOf(file), 'meta').subarray(4));
  const properties = childrenOf(find(childrenOf(find(meta, 'iprp')), 'ipco'));
  const configuration = properties.find(({ type }) => type === 'hvcC')!;
  const size = find(properties, 'ispe');
  const places = find(meta, 'iloc');
  const items = find(meta, 'iinf').subarray(6);
  const coded = new Set(
    childrenOf(items)
      .filter(({ data }) => data.toString('latin1', 8, 12) === 'hvc1')
      .map(({ data }) => data.readUInt16BE(4)),
  );
  const pictures: HevcPicture[] = [];
  // Of each item: its id, in version 1 a method, a data reference, a base, how many extents, and of the one extent place and length.
  const bytes = places[0] === 1 ? 20 : 18;
  for (let at = 8; at < places.length; at += bytes) {
    if (!coded.has(places.readUInt16BE(at))) continue;
    const end = at + bytes;
    const start = places.readUInt32BE(end - 14) + places.readUInt32BE(end - 8);
    pictures.push({
      configuration: box('hvcC', configuration.data),
      samples: file.subarray(start, start + places.readUInt32BE(end - 4)),
      width: size.readUInt32BE(4),
      height: size.readUInt32BE(8),
    });
  }
  return pictures;
}

interface Box {
  readonly type: string;
  readonly data: Buffer;
}

function childrenOf(data: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at < data.length; at += data.readUInt32BE(at)) {
    boxes.push({
      type: data.toString('latin1', at + 4, at + 8),
      data: data.subarray(at + 8, at + data.readUInt32BE(at)),
    });
  }
  return boxes;
}

function find(boxes: readonly Box[], wanted: string): Buffer {
  return boxes.find(({ type }) => type === wanted)!.data;
}

/** A box of the base media file format (ISO/IEC 14496-12, 4.2). */
export function box(type: string, ...parts: readonly Buffer[]): Buffer {
  const data = Buffer.concat(parts);
  return Buffer.concat([words(4, data.length + 8), Buffer.from(type, 'latin1'), data]);
}

function fullBox(type: string, version: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  return box(type, Buffer.from([version, 0, 0, flags]), ...parts);
}

function extents(width: number, height: number): Buffer {
  return fullBox('ispe', 0, 0, words(4, width, height));
}

/** Whole numbers of so many bytes each. */
function words(bytes: 2 | 4, ...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(values.length * bytes);
  for (const [i, value] of values.entries()) buffer.writeUIntBE(value, i * bytes, bytes);
  return buffer;
}
