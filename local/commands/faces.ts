import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { Command } from 'commander';
import { statIfThere } from '../../lib/adapters/files.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { drawFaces } from '../../lib/adapters/sharp-drawing.ts';
import { readVisionConfig } from '../../lib/config.ts';
import { RequestError } from '../../lib/core/errors.ts';
import { defaultCollection } from '../../lib/core/keys.ts';
import { findFaces } from '../../lib/core/photo-faces.ts';
import type { FaceQuality } from '../../lib/vision/face-quality.ts';
import type { DetectedFace } from '../../lib/vision/geometry.ts';
import { photoSize } from '../../lib/vision/image.ts';
import { noSuchPhoto } from '../api-client.ts';
import { ask, withData } from '../connect.ts';
import { counted } from '../counted.ts';
import { describeIdentity } from '../describe-event.ts';
import { noStore } from '../no-store.ts';
import { writeOutput } from '../output-file.ts';
import { exitCode } from '../report-failure.ts';
import { openVision } from '../vision.ts';

interface Options {
  readonly data: string;
  readonly collection: string;
  readonly draw?: string;
  readonly json?: true;
}

interface ShownFace extends DetectedFace {
  readonly quality?: FaceQuality | undefined;
  /** Absent where nobody is enrolled yet, as there is nobody to be recognised. */
  readonly identity?: { readonly person: string; readonly distance: number; readonly similarity: number } | null;
}

interface ShownPhoto {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly ShownFace[];
}

const formats: Readonly<Record<string, 'jpeg' | 'png'>> = { '.jpg': 'jpeg', '.jpeg': 'jpeg', '.png': 'png' };

/** `facenet faces`: where the faces are, and whose. */
export function facesCommand(): Command {
  return withData(new Command('faces'))
    .description('find the faces in a photo; whose they are, where a data folder knows people')
    .argument('<photo>', 'a photo')
    .option('--draw <file>', 'draw boxes, landmarks and names on the photo, into a .jpg or .png')
    .option('--collection <name>', 'which collection knows the people', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 there are faces, 1 there is none, 2 the photo or the call is wrong.')
    .action(showFaces);
}

async function showFaces(photo: string, { data, collection, draw, json }: Options): Promise<void> {
  const format = draw === undefined ? undefined : formatOf(draw);
  const bytes = await readFile(photo).catch((cause: unknown) => {
    throw noSuchPhoto(photo, cause);
  });
  const shown = (await statIfThere(data))?.isDirectory()
    ? await ask(data, (client) => client.identify(photo, collection))
    : await find(bytes);
  if (json) console.log(JSON.stringify(shown, null, 2));
  else print(shown);
  if (draw !== undefined) {
    const faces = shown.faces.map(({ box, landmarks, identity }) => ({ box, landmarks, ...identity }));
    const picture = await createSharpDecoder(readVisionConfig()).decode(bytes);
    await writeOutput(draw, await drawFaces(picture, faces, format!));
    if (!json) console.log(`drawn in ${draw}`);
  }
  if (shown.faces.length === 0) process.exitCode = exitCode.no;
}

function formatOf(file: string): 'jpeg' | 'png' {
  const format = formats[extname(file).toLowerCase()];
  if (format) return format;
  throw new RequestError('INVALID_REQUEST', `Expected a .jpg or .png to draw into, received ${file}.`);
}

async function find(bytes: Uint8Array): Promise<ShownPhoto> {
  const { photo, faces } = await findFaces({ ...(await openVision()), store: noStore }, { bytes });
  return { ...photoSize(photo), faces };
}

function print({ width, height, faces }: ShownPhoto): void {
  console.log(`${width} × ${height}, ${counted(faces.length, 'face')}`);
  for (const { box, confidence, quality, identity } of faces) {
    const [left, top, wide, high] = [box.left, box.top, box.width, box.height].map((value) =>
      value.toFixed(0).padStart(4),
    );
    const place = `${wide} ×${high} at ${left},${top}`;
    const name = identity === undefined ? '' : `  ${describeIdentity(identity)}`;
    console.log(`  ${place}  confidence ${confidence.toFixed(3)}${quality ? describeQuality(quality) : ''}${name}`);
  }
}

function describeQuality({ sharpness, brightness, pose }: FaceQuality): string {
  const [sharp, bright, yaw] = [sharpness, brightness, pose.yaw].map((value) => value.toFixed(0));
  return `  sharpness ${sharp}  brightness ${bright}  yaw ${yaw}°`;
}
