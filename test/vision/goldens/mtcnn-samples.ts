import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ReferencePhoto } from '../mtcnn-reference.ts';

/**
 * Makes mtcnn-samples.json: what MTCNN's reference implementation (facenet-pytorch, `MTCNN`, min face 20, thresholds .6 .7 .7, factor .709) found in the
 * sample photos of @vladmandic/face-api. Run from the project's root, with ../shared beside it: `npx tsx test/vision/goldens/mtcnn-samples.ts`.
 */
const prefix = '@vladmandic/face-api/';
const reference: Record<string, ReferencePhoto> = JSON.parse(
  await readFile('../shared/data/mtcnn/mtcnn-reference.json', 'utf8'),
);
const samples = Object.entries(reference).filter(([name]) => name.startsWith(prefix));
const lines = samples.map(([name, photo]) => `${JSON.stringify(name)}: ${JSON.stringify(photo)}`);
await writeFile(fileURLToPath(new URL('mtcnn-samples.json', import.meta.url)), `{\n${lines.join(',\n')}\n}\n`);
