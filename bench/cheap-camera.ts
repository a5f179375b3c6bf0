import { mkdir, readdir } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import sharp from 'sharp';

/**
 * Makes of a folder of photos what a cheap camera far away would have seen: 0.36 of the size, blurred, hard JPEG, and enlarged again. It stands for a
 * population of one's own in docs/training.md: npx tsx bench/cheap-camera.ts <from> <to>
 */
const [from = '', to = ''] = process.argv.slice(2);
for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || extname(entry.name) !== '.jpg') continue;
  const file = join(entry.parentPath, entry.name);
  const seen = sharp(file).resize(90, 90, { kernel: 'lanczos3' }).blur(0.8).jpeg({ quality: 25 });
  const out = join(to, file.slice(from.length));
  await mkdir(dirname(out), { recursive: true });
  await sharp(await seen.toBuffer())
    .resize(250, 250, { kernel: 'cubic' })
    .jpeg({ quality: 90 })
    .toFile(out);
}
