import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Table from 'cli-table3';
import { Command } from 'commander';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { drawFaces } from '../../lib/adapters/sharp-drawing.ts';
import { readVisionConfig } from '../../lib/config.ts';
import type { FacenetEvent } from '../../lib/core/events.ts';
import { type AddedPhoto, addPhotos } from '../add-photos.ts';
import { type Connection, connect } from '../connect.ts';
import { counted } from '../counted.ts';
import { type Cast, type EnrolmentPhoto, ownCast, sampleCast } from '../demo-cast.ts';
import { describeEvent } from '../describe-event.ts';
import { beforeInterruption } from '../interruption.ts';
import type { PhotoFile } from '../photo-files.ts';
import { startProgressBar } from '../progress-bar.ts';
import { openVision } from '../vision.ts';
import { defaultData } from '../working-folder.ts';

interface Options {
  readonly out: string;
  readonly json?: true;
}

type Indexed = Extract<FacenetEvent, { type: 'Image Indexed' }>['detail'];

/** `facenet demo`: enrols people by one photo each and finds them in others, through the whole pipeline, and ends. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'enrol people by one photo each and find them in others, from end to end; with a folder, in your own photos',
    )
    .argument('[folder]', 'photos of your own; people/<name>/… in it enrols, else whoever is alone in a photo')
    .option('--out <dir>', 'where the photos with names drawn on them go', join(defaultData(), 'demo'))
    .option('--json', 'print JSON')
    .action(demo);
}

async function demo(folder: string | undefined, { out, json }: Options): Promise<void> {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const data = await mkdtemp(join(tmpdir(), 'facenet-demo-'));
  const takeBack = beforeInterruption(() => rmSync(data, { recursive: true, force: true }));
  try {
    const vision = await openVision();
    const cast = folder === undefined ? await sampleCast(vision, data) : await ownCast(vision, folder);
    const connection = await connect(join(data, 'stack'));
    const added = await follow(connection, cast).finally(() => connection.close());
    const indexed = added.flatMap(({ event }) => (event?.type === 'Image Indexed' ? [event.detail] : []));
    await drawAll(indexed, cast, out);
    if (json) console.log(JSON.stringify({ photos: indexed, seconds: seconds() }, null, 2));
    else print(cast, added, indexed, out, seconds());
  } finally {
    takeBack();
    await rm(data, { recursive: true, force: true });
  }
}

/** First those who are to be known, then the photos, so that each photo is named once. */
async function follow(connection: Connection, { enrolments, photos }: Cast): Promise<AddedPhoto[]> {
  const bar = startProgressBar('photos', enrolments.length + photos.length);
  try {
    const keyOfEnrolment = (photo: PhotoFile) => `people/${(photo as EnrolmentPhoto).person}/${photo.name}`;
    const enrolled = enrolments.length > 0 ? await addPhotos(connection, enrolments, keyOfEnrolment, bar.advance) : [];
    const found = photos.length > 0 ? await addPhotos(connection, photos, keyOfPhoto, bar.advance) : [];
    return [...enrolled, ...found];
  } finally {
    bar.stop();
  }
}

const keyOfPhoto = ({ name }: PhotoFile) => `photos/${name}`;

async function drawAll(indexed: readonly Indexed[], { photos }: Cast, out: string): Promise<void> {
  const decoder = createSharpDecoder(readVisionConfig());
  for (const { image, faces } of indexed) {
    const photo = photos.find((candidate) => keyOfPhoto(candidate) === image.key)!;
    const drawn = faces.map(({ box, landmarks, identity }) => ({ box, landmarks, ...identity }));
    const file = join(out, `${photo.name}.jpg`.replace(/\.jpe?g\.jpg$/i, '.jpg'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await drawFaces(await decoder.decode(await readFile(photo.path)), drawn, 'jpeg'));
  }
}

function print(
  { enrolments, explanation }: Cast,
  added: readonly AddedPhoto[],
  indexed: readonly Indexed[],
  out: string,
  seconds: number,
): void {
  const table = new Table({
    head: ['photo', 'left, top', 'who', 'similarity', 'distance'],
    colAligns: ['left', 'right', 'left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const { image, faces } of indexed) {
    for (const { box, identity } of faces) {
      const place = `${Math.round(box.left)}, ${Math.round(box.top)}`;
      const judged = identity ? [identity.similarity.toFixed(1), identity.distance.toFixed(3)] : ['', ''];
      table.push([image.key.replace(/^photos\//, ''), place, identity?.person ?? 'unknown', ...judged]);
    }
  }
  console.log(`Enrolled: ${explanation}\n\n${table}`);
  for (const { key, event } of added) {
    if (!event) console.log(`lost       ${key}`);
    else if (event.type === 'Image Rejected') console.log(describeEvent(event));
  }
  const faces = indexed.flatMap((photo) => photo.faces);
  const known = faces.filter(({ identity }) => identity);
  const threshold = indexed[0] && `, at a distance of at most ${indexed[0].threshold} (${indexed[0].model})`;
  console.log(`
${counted(enrolments.length, 'person', 'people')} enrolled; ${counted(faces.length, 'face')} in ${counted(indexed.length, 'photo')}, ${known.length} of them known${threshold ?? ''}.
The photos with names on them are in ${out}. It took ${seconds.toFixed(1)} s.`);
}
