import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join } from 'node:path';
import { cutPortrait } from '../lib/adapters/sharp-portrait.ts';
import { ConfigError } from '../lib/core/errors.ts';
import { embedChosenFaces, findFaces } from '../lib/core/photo-faces.ts';
import { euclideanDistance } from '../lib/vision/distance.ts';
import { thresholdOf } from '../lib/vision/similarity.ts';
import { noStore } from './no-store.ts';
import { type PhotoFile, photosIn } from './photo-files.ts';
import type { Vision } from './vision.ts';

/** A photo that enrols somebody. */
export interface EnrolmentPhoto extends PhotoFile {
  readonly person: string;
}

/** Who is enrolled in the demo, and the photos in which they are looked for. */
export interface Cast {
  readonly enrolments: readonly EnrolmentPhoto[];
  readonly photos: readonly PhotoFile[];
  /** How the people came to be enrolled, for whoever watches. */
  readonly explanation: string;
}

/** Names for people nobody knows. */
const names = 'Ada Bea Cleo Dora Eve Fay Gwen Hana Iris Jo Kira Lea Mia Nora Ona Pia Rosa Suri Tess Uma Vera'.split(
  ' ',
);

/** The sample photo out of which nobody is enrolled: one of its people is also in another. */
const withoutEnrolment = 'sample1.jpg';
/** Below it a face may be somebody's elbow; nobody is enrolled by that. */
const sureConfidence = 0.99;

/**
 * Takes the sample photos of @vladmandic/face-api. Everybody in them, but for the first photo, is enrolled by one picture: a piece of the photo around the
 * face, mirrored and shrunk.
 * @param folder where those pictures are made
 * @throws ConfigError when the package is not installed
 */
export async function sampleCast(vision: Vision, folder: string): Promise<Cast> {
  const samples = await photosIn([sampleFolder()]);
  const photos = samples.filter(({ name }) => name.startsWith('sample'));
  const enrolments: EnrolmentPhoto[] = [];
  for (const { path, name } of photos) {
    if (name === withoutEnrolment) continue;
    const { photo, faces } = await findFaces({ ...vision, store: noStore }, { bytes: await readFile(path) });
    for (const face of faces.filter(({ confidence }) => confidence >= sureConfidence)) {
      const person = names[enrolments.length]!;
      const portrait = join(folder, `${person}.jpg`);
      await writeFile(portrait, await cutPortrait(photo, face.box));
      enrolments.push({ path: portrait, name: basename(portrait), person });
    }
  }
  const explanation = `${enrolments.length} people of samples 2 to 6, one picture each: cut out, mirrored and shrunk. Nobody is enrolled out of sample 1.`;
  return { enrolments, photos, explanation };
}

function sampleFolder(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'demo');
  } catch (cause) {
    throw new ConfigError(
      'The sample photos come with a development dependency, which a clone has. Give the demo a folder with photos of your own.',
      { cause },
    );
  }
}

/**
 * Takes a folder of the user's own: whoever has a folder in `people/` is enrolled by what is in it; where there is no such folder, whoever is alone in a photo is
 * enrolled by it, under the name of its file, unless it shows somebody who is enrolled already.
 */
export async function ownCast(vision: Vision, folder: string): Promise<Cast> {
  const all = await photosIn([folder]);
  if ((await readdir(folder)).includes('people')) {
    const enrolments = all.flatMap((photo) => {
      const [root, person, ...file] = photo.name.split('/');
      return root === 'people' && person && file.length > 0 ? [{ ...photo, name: file.join('/'), person }] : [];
    });
    const photos = all.filter(({ name }) => !name.startsWith('people/'));
    return { enrolments, photos, explanation: 'The photos in people/.' };
  }
  const enrolments = await whoIsAlone(vision, all);
  const photos = all.filter(({ path }) => !enrolments.some((enrolment) => enrolment.path === path));
  const explanation = `Whoever is alone in a photo, by the first such photo, under the name of its file.`;
  return { enrolments, photos, explanation };
}

async function whoIsAlone(vision: Vision, photos: readonly PhotoFile[]): Promise<EnrolmentPhoto[]> {
  const enrolled: (EnrolmentPhoto & { readonly embedding: Float32Array })[] = [];
  const threshold = thresholdOf(vision.embedder.card);
  for (const photo of photos) {
    const bytes = await readFile(photo.path);
    const { faces } = await findFaces({ ...vision, store: noStore }, { bytes });
    if (faces.length !== 1) continue;
    const [face] = await embedChosenFaces({ ...vision, store: noStore }, [{ photo: { bytes } }]);
    const { embedding } = face!;
    if (enrolled.some((other) => euclideanDistance(other.embedding, embedding) <= threshold)) continue;
    const person = basename(photo.name, extname(photo.name));
    enrolled.push({ ...photo, person, embedding });
  }
  return enrolled;
}
