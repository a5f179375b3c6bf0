/**
 * Makes goldens/*.heic and sequence.avif, which stand for what cameras write; nothing that npm has encodes HEVC, or a sequence. Debian 12 made those in the
 * repository:
 *
 *     apt-get install libheif-examples ffmpeg
 *     npx tsx test/adapters/make-heif-goldens.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { quarterColours, quarters } from './odd-images.ts';

const goldens = join(import.meta.dirname, 'goldens');
const folder = mkdtempSync(join(tmpdir(), 'heif-goldens-'));
const width = 48;
const height = 32;
const inFull = ['-q', '90', '-p', 'chroma=444'];

await encode('eight-bit', [quarters(width, height).png()]);
await encode('ten-bit', [quarters(width, height).toColourspace('rgb16').png()], '-b', '10');
await encode('alpha', [quarters(width, height).ensureAlpha(0.5).png()]);
await encode('display-p3', [quarters(width, height).withIccProfile('p3').png()]);
await encode('exif-orientation', [quarters(width, height).withMetadata({ orientation: 6 }).jpeg({ quality: 100 })]);
await encode(
  'tiles',
  quarterColours.map(([r, g, b]) =>
    sharp({ create: { width: 64, height: 64, channels: 3, background: { r, g, b } } }).png(),
  ),
);
await encodeAvif();
await encodeSequences();
rmSync(folder, { recursive: true });

async function encode(name: string, pictures: readonly Sharp[], ...options: string[]): Promise<void> {
  const files = pictures.map((_, i) => join(folder, `${name}-${i}`));
  for (const [i, picture] of pictures.entries()) {
    const { format } = await sharp(await picture.clone().toBuffer()).metadata();
    files[i] += `.${format}`;
    await picture.toFile(files[i]!);
  }
  execFileSync('heif-enc', [...files, '-o', join(goldens, `${name}.heic`), ...inFull, ...options]);
}

/** The numbers of Display P3 without its profile; the test writes the code points. */
async function encodeAvif(): Promise<void> {
  const numbers = join(folder, 'numbers.png');
  const inP3 = await quarters(width, height).withIccProfile('p3').png().toBuffer();
  await sharp(inP3, { ignoreIcc: true }).png().toFile(numbers);
  execFileSync('heif-enc', ['-A', numbers, '-o', join(goldens, 'code-points.avif'), ...inFull]);
}

/** Two frames, the second in other colours. A film becomes a HEIF sequence by its brands (ISO/IEC 23008-12, 7.3). */
async function encodeSequences(): Promise<void> {
  const frame = join(folder, 'frame.png');
  const film = join(folder, 'film.mp4');
  await quarters(width, height).toFile(frame);
  const input = [
    '-loop',
    '1',
    '-i',
    frame,
    '-frames:v',
    '2',
    '-vf',
    String.raw`negate=enable=gt(n\,0)`,
    '-pix_fmt',
    'yuv444p',
  ];
  const encode = (codec: readonly string[], file: string) =>
    execFileSync('ffmpeg', ['-loglevel', 'error', '-y', ...input, ...codec, file]);
  encode(['-c:v', 'libx265', '-x265-params', 'log-level=error:crf=12', '-tag:v', 'hvc1'], film);
  const bytes = readFileSync(film);
  bytes.write('hevc\0\0\0\0msf1hevciso8', 8, 'latin1');
  writeFileSync(join(goldens, 'sequence.heic'), bytes);
  encode(['-c:v', 'libaom-av1', '-crf', '10', '-cpu-used', '8'], join(goldens, 'sequence.avif'));
}
