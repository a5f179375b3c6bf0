/**
 * What a file's first bytes say it is. `other` is everything that is no photo here: SVG and PDF, which are never rendered, and raw files of cameras, in which other
 * readers find a thumbnail.
 */
export type ImageFormat = 'JPEG' | 'PNG' | 'GIF' | 'WebP' | 'TIFF' | 'AVIF' | 'HEIC' | 'other';

/** The length of what is looked at: a `ftyp` box with its first brands. */
const headBytes = 64;

/** Brands of HEIF (ISO/IEC 23008-12) whose pictures are HEVC, and the two that leave open what they are. */
const heifBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** The TIFF field that says what a picture is to the others of its file; bit 0 is a smaller copy. */
const newSubfileType = 254;

/** Tells the format of a file by its signature; names and media types can lie. */
export function formatOf(bytes: Uint8Array): ImageFormat {
  const head = headOf(bytes);
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'GIF';
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'WebP';
  if (['II*\0', 'MM\0*'].some((signature) => head.startsWith(signature))) return isPreview(bytes) ? 'other' : 'TIFF';
  if (['II+\0', 'MM\0+'].some((signature) => head.startsWith(signature))) return 'TIFF';
  return head.startsWith('ftyp', 4) ? heifFormatOf(brandsOf(bytes)) : 'other';
}

/** Whether the first picture of a TIFF is a smaller copy of another one in it (TIFF 6.0, NewSubfileType), as in a DNG, NEF or ARW. */
function isPreview(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === 0x49;
  const directory = bytes.length < 8 ? bytes.length : view.getUint32(4, isLittle);
  if (directory + 2 > bytes.length) return false;
  const fields = view.getUint16(directory, isLittle);
  for (let field = 0, at = directory + 2; field < fields && at + 12 <= bytes.length; field++, at += 12) {
    if (view.getUint16(at, isLittle) === newSubfileType) return (view.getUint32(at + 8, isLittle) & 1) === 1;
  }
  return false;
}

/** The brands in the `ftyp` box that a file of the HEIF family begins with, the major one first. */
export function brandsOf(bytes: Uint8Array): string[] {
  const head = headOf(bytes);
  const boxEnd = Buffer.from(head.slice(0, 4), 'latin1').readUInt32BE();
  return head.slice(8, boxEnd).match(/.{4}/gs) ?? [];
}

function headOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes)).toString('latin1');
}

/** `mif1` alone says only that it is HEIF; a more exact brand beside it decides. */
function heifFormatOf(brands: readonly string[]): ImageFormat {
  if (brands.includes('avif') || brands.includes('avis')) return 'AVIF';
  return brands.some((brand) => heifBrands.includes(brand)) ? 'HEIC' : 'other';
}
