import sharp from 'sharp';

/** The code point of Display P3's primaries (ITU-T H.273, table 2). */
const displayP3 = 12;

/** The ICC profile of primaries that a HEIC or AVIF tells by a code point. Display P3's comes with libvips; what else there is, of television, is taken for sRGB: none. */
export async function profileOf(primaries: number | undefined): Promise<Uint8Array | undefined> {
  if (primaries !== displayP3) return undefined;
  const pixel = sharp({ create: { width: 1, height: 1, channels: 3, background: 'white' } }).withIccProfile('p3');
  return (await sharp(await pixel.png().toBuffer()).metadata()).icc;
}

/** The boxes in which a HEIF file tells the colours of its pictures (ISO/IEC 14496-12 and 23008-12); `meta` has four bytes of its own before those in it. */
const path = ['meta', 'iprp', 'ipco', 'colr'] as const;
const metaBytes = 4;

/** The code point of the primaries of an AVIF, or of any HEIF file; undefined where it tells none. */
export function primariesOf(file: Uint8Array): number | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  let [from, to] = [0, bytes.length];
  for (const type of path) {
    const box = boxIn(bytes, from, to, type);
    if (!box) return undefined;
    [from, to] = [type === 'meta' ? box.from + metaBytes : box.from, box.to];
  }
  return bytes.toString('latin1', from, from + 4) === 'nclx' && to - from >= 6
    ? bytes.readUInt16BE(from + 4)
    : undefined;
}

/** The first box of a type between two places, without its size and type. */
function boxIn(bytes: Buffer, from: number, to: number, type: string): { from: number; to: number } | undefined {
  for (let at = from; at + 8 <= to; ) {
    const end = at + bytes.readUInt32BE(at);
    if (end < at + 8 || end > to) return undefined;
    if (bytes.toString('latin1', at + 4, at + 8) === type) return { from: at + 8, to: end };
    at = end;
  }
  return undefined;
}
