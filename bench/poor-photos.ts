import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { ImageRejectedError } from '../lib/core/errors.ts';
import { expectFitToEnrol } from '../lib/core/fit-to-enrol.ts';
import { cropFace } from '../lib/vision/align.ts';
import { euclideanDistance } from '../lib/vision/distance.ts';
import { assessFace, type FaceQuality } from '../lib/vision/face-quality.ts';
import { type DetectedFace, mostCentralFace, scaled } from '../lib/vision/geometry.ts';
import type { RgbImage } from '../lib/vision/image.ts';
import { thresholdOf } from '../lib/vision/similarity.ts';
import { readPairs } from '../local/evaluation/pairs-file.ts';
import { percent } from '../local/percent.ts';
import { openVision } from '../local/vision.ts';
import { spreadOf } from './measure.ts';

/**
 * How poor a photo may be for its person to be known by it: of genuine pairs one photo is made worse before its face is cut out, and it is counted how many pairs are
 * still recognised at the default threshold. The limits of lib/core/fit-to-enrol.ts are from here; docs/accuracy.md has the table:
 * npx tsx bench/poor-photos.ts <folder with pairs.tsv and images/> [embedder]
 */
const [folder = '', embedderId] = process.argv.slice(2);

/** So many genuine pairs, evenly over the list. */
const wanted = 300;
/** The median width of LFW's faces in pixels; a blur's σ is told for a face of this width. */
const usualWidth = 92;

interface Seen {
  readonly photo: RgbImage;
  readonly face: DetectedFace;
}

/** A way to make a photo worse, by degrees, and the measure that falls with it. */
interface Damage {
  readonly name: string;
  readonly degrees: readonly number[];
  readonly measure: (quality: FaceQuality) => number;
  readonly apply: (seen: Seen, degree: number) => Promise<Seen>;
}

const damages: readonly Damage[] = [
  {
    name: 'blurred by σ',
    degrees: [1, 2, 3, 4],
    measure: ({ sharpness }) => sharpness,
    apply: ({ photo, face }, sigma) =>
      changed(photo, face, (image) => image.blur((sigma * face.box.width) / usualWidth)),
  },
  {
    name: 'smaller by',
    degrees: [0.53, 0.27, 0.22, 0.17],
    measure: ({ size }) => size,
    apply: ({ photo, face }, by) =>
      changed(photo, scaled(face, by, by), (image) => image.resize({ width: Math.round(photo.width * by) })),
  },
  {
    name: 'darker by',
    degrees: [0.2, 0.13, 0.1, 0.05],
    measure: ({ brightness }) => brightness,
    apply: ({ photo, face }, by) => changed(photo, face, (image) => image.linear(by, 0)),
  },
  {
    name: 'brighter by',
    degrees: [1.5, 2, 2.5, 3],
    measure: ({ brightness }) => brightness,
    apply: ({ photo, face }, by) => changed(photo, face, (image) => image.linear(by, 0)),
  },
];

async function changed(photo: RgbImage, face: DetectedFace, change: (image: Sharp) => Sharp): Promise<Seen> {
  const { width, height, data } = photo;
  const image = change(sharp(data, { raw: { width, height, channels: 3 } }));
  const { data: pixels, info } = await image.raw().toBuffer({ resolveWithObject: true });
  return { photo: { width: info.width, height: info.height, data: pixels }, face };
}

const { decoder, detector, embedder } = await openVision(embedderId);
const threshold = thresholdOf(embedder.card);

async function see(name: string): Promise<Seen> {
  const photo = await decoder.decode(await readFile(join(folder, 'images', name)));
  const face = mostCentralFace(await detector.detect(photo), photo);
  if (!face) throw new Error(`Expected a face in ${name}, found none.`);
  return { photo, face };
}

function embed(all: readonly Seen[]): Promise<Float32Array[]> {
  return embedder.embed(all.map(({ photo, face }) => cropFace(photo, face, embedder.card.crop)));
}

/** How many of the photos enrolment would refuse. */
function refused(qualities: readonly FaceQuality[]): number {
  return qualities.filter((quality) => {
    try {
      expectFitToEnrol(quality);
      return false;
    } catch (error) {
      if (error instanceof ImageRejectedError) return true;
      throw error;
    }
  }).length;
}

const genuine = readPairs(await readFile(join(folder, 'pairs.tsv'), 'utf8')).filter(({ same }) => same);
const pairs = genuine.filter(
  (_, i) => Math.floor((i * wanted) / genuine.length) !== Math.floor(((i - 1) * wanted) / genuine.length),
);
const others: Float32Array[] = [];
const seen: Seen[] = [];
for (const { imageA, imageB } of pairs) {
  others.push(...(await embed([await see(imageA)])));
  seen.push(await see(imageB));
}

function tell(
  what: string,
  worse: readonly Seen[],
  vectors: readonly Float32Array[],
  measure?: Damage['measure'],
): void {
  const qualities = worse.map(({ photo, face }) => assessFace(photo, face));
  const recognised = vectors.filter((vector, i) => euclideanDistance(vector, others[i]) <= threshold).length;
  const rate = (count: number) => percent(count / pairs.length, 1).padStart(7);
  const level = measure ? spreadOf(qualities.map(measure)).median.toFixed(1).padStart(6) : ''.padStart(6);
  console.log(`${what.padEnd(20)} ${level}  recognised ${rate(recognised)}  refused ${rate(refused(qualities))}`);
}

console.log(
  `${embedder.card.id}, ${pairs.length} genuine pairs, threshold ${threshold}; median of the measure that falls`,
);
tell('as it is', seen, await embed(seen));
for (const { name, degrees, measure, apply } of damages) {
  for (const degree of degrees) {
    const worse = await Promise.all(seen.map((each) => apply(each, degree)));
    tell(`${name} ${degree}`, worse, await embed(worse), measure);
  }
}
