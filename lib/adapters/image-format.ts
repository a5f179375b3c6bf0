/** What a file's first bytes say it is. `other` is everything that is no photo here, SVG and PDF included: they are never rendered. */
export type ImageFormat = 'JPEG' | 'PNG' | 'GIF' | 'WebP' | 'TIFF' | 'AVIF' | 'HEIC' | 'other';

/** The length of what is looked at: a `ftyp` box with its first brands. */
const headBytes = 64;

/** Brands of HEIF (ISO/IEC 23008-12) whose pictures are HEVC, and the two that leave open what they are. */
const heifBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'];

/** Tells the format of a file by its signature; names and media types can lie. */
export function formatOf(bytes: Uint8Array): ImageFormat {
  const head = headOf(bytes);
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return 'GIF';
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return 'WebP';
  if (['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].some((signature) => head.startsWith(signature))) return 'TIFF';
  return head.startsWith('ftyp', 4) ? heifFormatOf(brandsOf(bytes)) : 'other';
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
