import { Candidates, candidateFields } from './candidates.ts';
import { area, type DetectedFace, type Landmarks, scaled } from './geometry.ts';
import { photoSize, type RgbImage, type Size, type Window } from './image.ts';
import type { MtcnnNets, ProposalMaps } from './mtcnn-nets.ts';
import { pooledWindows } from './pooled-windows.ts';
import { type PyramidStrip, pyramidStrips } from './pyramid.ts';
import { type SmallestFace, smallestFaceIn } from './smallest-face.ts';
import { turned, turnedBack } from './turn.ts';

/** What is looked for. The defaults are the reference implementation's (facenet-pytorch, `MTCNN`), but for the last four. */
export interface DetectionSettings extends SmallestFace {
  /** The least face probability after each net. */
  readonly thresholds: readonly [proposal: number, refinement: number, output: number];
  /** How much smaller each level of the pyramid is than the one before. */
  readonly factor: number;
  /** At most so many faces are answered, the largest. */
  readonly maxFaces: number;
  /** Whether a photo in which no sure face is found is looked at from the other three sides: it may lie on its side and not say so. */
  readonly secondLook: boolean;
}

/**
 * `minFacePart` begins to count where the shorter side has more than 2000 pixels: smaller faces are not what a large photo was taken for, and looking for
 * them would take minutes.
 */
export const defaultDetectionSettings: DetectionSettings = {
  minFace: 20,
  thresholds: [0.6, 0.7, 0.7],
  factor: 0.709,
  minFacePart: 0.01,
  maxFaces: 1000,
  secondLook: true,
};

/**
 * The confidence from which on a face is sure to be upright. Of 250 photos of LFW 248 have a face that is; lying on their left or right side or on their head, 6, 1
 * and 11 of them still have one, but 33, 31 and 49 % have a face at 0.7.
 */
const sure = 0.99;

/** The side of the proposal net's window, and how far apart two of its windows are. */
const cell = 12;
const cellStride = 2;
/** How a level is handed to the proposal net: in strips, enough for all threads and small enough for the processor's cache, that overlap by what its windows have beyond their stride. */
const strips = { pixels: 92_000, leastRows: 32, overlap: cell - cellStride };
/** Windows that a later net takes at once: enough to fill the cores, few enough to stay in the processor's cache. */
const largestBatch = 64;
/** Overlaps above which the lesser of two boxes goes: within a level, between levels and after each later net (reference: `detect_face`). */
const overlapInLevel = 0.5;
const overlap = 0.7;

/**
 * Finds the faces in a photo with MTCNN (Zhang et al. 2016), step for step as facenet-pytorch's `detect_face` does. Faces come sorted by falling box area;
 * boxes and landmarks are in pixels of the photo and may leave it. When none is sure, the photo is turned by 90°, 180° and 270° and looked at again. The
 * surest look counts, and its faces are answered where they lie in the photo as it was given.
 */
export async function detectFaces(
  image: RgbImage,
  nets: MtcnnNets,
  settings: Partial<DetectionSettings> = {},
): Promise<DetectedFace[]> {
  const all = { ...defaultDetectionSettings, ...settings };
  const photo = photoSize(image);
  const least = (smallestFaceIn(photo, all) * image.width) / photo.width;
  let faces = await look(image, nets, least, all);
  if (all.secondLook && sureness(faces) === 0) faces = await lookFromOtherSides(image, nets, least, all, faces);
  return faces
    .map((face) => scaled(face, photo.width / image.width, photo.height / image.height))
    .sort((a, b) => area(b.box) - area(a.box))
    .slice(0, all.maxFaces);
}

async function look(
  photo: RgbImage,
  nets: MtcnnNets,
  leastFace: number,
  { thresholds, factor }: DetectionSettings,
): Promise<DetectedFace[]> {
  const proposed = await propose(photo, nets, pyramidScales(photo, leastFace, factor), thresholds[0]);
  const refined = await refine(photo, nets, proposed, thresholds[1]);
  return await finish(photo, nets, refined, thresholds[2]);
}

async function lookFromOtherSides(
  image: RgbImage,
  nets: MtcnnNets,
  leastFace: number,
  settings: DetectionSettings,
  upright: DetectedFace[],
): Promise<DetectedFace[]> {
  let surest = upright;
  let most = 0;
  for (const turns of [1, 3, 2] as const) {
    const faces = await look(turned(image, turns), nets, leastFace, settings);
    if (sureness(faces) <= most) continue;
    most = sureness(faces);
    surest = faces.map((face) => turnedBack(face, image, turns));
  }
  return surest;
}

/** The confidences of the sure faces, taken together. */
function sureness(faces: readonly DetectedFace[]): number {
  return faces.reduce((sum, { confidence }) => (confidence >= sure ? sum + confidence : sum), 0);
}

/**
 * The scales of the pyramid's levels, the finest first: at the first the smallest face fills the proposal net's window, at the last that window fills the
 * photo. No face is smaller than that window.
 */
export function pyramidScales({ width, height }: Size, minFace: number, factor: number): number[] {
  const scales: number[] = [];
  for (let scale = cell / Math.max(cell, minFace); Math.min(width, height) * scale >= cell; scale *= factor)
    scales.push(scale);
  return scales;
}

async function propose(
  photo: RgbImage,
  nets: MtcnnNets,
  scales: readonly number[],
  threshold: number,
): Promise<Candidates> {
  const levels = scales.map(() => new Candidates());
  const cut = pyramidStrips(photo, scales, strips);
  const ask = ({ input, rows, columns }: PyramidStrip) => nets.pnet(input, rows, columns);
  for await (const [{ level, top }, maps] of answersTo(cut, ask, nets.atOnce)) {
    pushProposals(levels[level], scales[level], top / cellStride, maps, threshold);
  }
  const all = new Candidates();
  for (const found of levels) all.append(found.pick(found.suppress(overlapInLevel, 'union')));
  const kept = all.pick(all.suppress(overlap, 'union'));
  kept.regress(0);
  kept.square();
  return kept;
}

/** Asks for answers ahead, `atOnce` at a time, and hands each on with what was asked, in the order of asking. */
async function* answersTo<Q, A>(
  questions: Iterable<Q>,
  ask: (question: Q) => Promise<A>,
  atOnce: number,
): AsyncGenerator<[Q, A]> {
  const underWay: Promise<[Q, A]>[] = [];
  for (const question of questions) {
    const answer = ask(question).then((answer): [Q, A] => [question, answer]);
    // Whoever waits for an earlier one learns of this one's failure later.
    answer.catch(() => {});
    underWay.push(answer);
    if (underWay.length === atOnce) yield await underWay.shift()!;
  }
  for (const answer of underWay) yield await answer;
}

function pushProposals(
  to: Candidates,
  scale: number,
  top: number,
  { rows, columns, probability, regression }: ProposalMaps,
  threshold: number,
): void {
  const plane = rows * columns;
  for (let at = 0; at < plane; at++) {
    if (probability[at] < threshold) continue;
    const x = cellStride * (at % columns);
    const y = cellStride * (top + Math.floor(at / columns));
    to.push(
      Math.floor((x + 1) / scale),
      Math.floor((y + 1) / scale),
      Math.floor((x + cell) / scale),
      Math.floor((y + cell) / scale),
      probability[at],
      regression[at],
      regression[at + plane],
      regression[at + 2 * plane],
      regression[at + 3 * plane],
    );
  }
}

async function refine(
  photo: RgbImage,
  nets: MtcnnNets,
  candidates: Candidates,
  threshold: number,
): Promise<Candidates> {
  const passed = new Candidates();
  const cut = windowBatches(photo, candidates, 24, nets.atOnce);
  const ask = ({ input, places }: WindowBatch) => nets.rnet(input, places.length);
  for await (const [{ places }, { probability, regression }] of answersTo(cut, ask, nets.atOnce)) {
    for (let i = 0; i < places.length; i++) {
      if (probability[i] > threshold) pushRegressed(passed, candidates, places[i], probability[i], regression, i);
    }
  }
  const kept = passed.pick(passed.suppress(overlap, 'union'));
  kept.regress(1);
  kept.square();
  return kept;
}

async function finish(
  photo: RgbImage,
  nets: MtcnnNets,
  candidates: Candidates,
  threshold: number,
): Promise<DetectedFace[]> {
  const passed = new Candidates();
  const landmarksOf: Landmarks[] = [];
  const cut = windowBatches(photo, candidates, 48, nets.atOnce);
  const ask = ({ input, places }: WindowBatch) => nets.onet(input, places.length);
  for await (const [{ places }, { probability, regression, landmarks }] of answersTo(cut, ask, nets.atOnce)) {
    for (let i = 0; i < places.length; i++) {
      if (!(probability[i] > threshold)) continue;
      pushRegressed(passed, candidates, places[i], probability[i], regression, i);
      landmarksOf.push(landmarksIn(candidates, places[i], landmarks, i * 10));
    }
  }
  passed.regress(1);
  const { rows } = passed;
  return passed.suppress(overlap, 'smaller').map((place) => {
    const at = place * candidateFields;
    const box = {
      left: rows[at],
      top: rows[at + 1],
      width: rows[at + 2] - rows[at],
      height: rows[at + 3] - rows[at + 1],
    };
    return { box, confidence: rows[at + 4], landmarks: landmarksOf[place] };
  });
}

function pushRegressed(
  to: Candidates,
  from: Candidates,
  place: number,
  score: number,
  regression: Float32Array,
  i: number,
): void {
  const { rows } = from;
  const at = place * candidateFields;
  const [dl, dt, dr, db] = [regression[i * 4], regression[i * 4 + 1], regression[i * 4 + 2], regression[i * 4 + 3]];
  to.push(rows[at], rows[at + 1], rows[at + 2], rows[at + 3], score, dl, dt, dr, db);
}

function landmarksIn({ rows }: Candidates, place: number, landmarks: Float32Array, from: number): Landmarks {
  const at = place * candidateFields;
  const width = rows[at + 2] - rows[at] + 1;
  const height = rows[at + 3] - rows[at + 1] + 1;
  const point = (i: number) =>
    [landmarks[from + i] * width + rows[at] - 1, landmarks[from + 5 + i] * height + rows[at + 1] - 1] as const;
  return { leftEye: point(0), rightEye: point(1), nose: point(2), mouthLeft: point(3), mouthRight: point(4) };
}

interface WindowBatch {
  /** The windows one after the other; valid until the next batch is asked for. */
  readonly input: Float32Array;
  /** Whose they are, of the candidates. */
  readonly places: readonly number[];
}

/**
 * Cuts the candidates' windows out of the photo, a batch at a time, for `atOnce` calls that are under way together. A window is clipped to the photo, and one
 * that lies wholly outside is left out.
 */
function* windowBatches(photo: RgbImage, candidates: Candidates, side: number, atOnce: number): Generator<WindowBatch> {
  const inside: { readonly place: number; readonly window: Window }[] = [];
  for (let place = 0; place < candidates.length; place++) {
    const window = clippedWindow(photo, candidates.rows, place * candidateFields);
    if (window) inside.push({ place, window });
  }
  // A few windows are shared out among all who can take some.
  const batch = Math.min(largestBatch, Math.ceil(inside.length / atOnce));
  const windows = inside.map(({ window }) => window);
  let first = 0;
  for (const input of pooledWindows(photo, windows, side, batch)) {
    const places = inside.slice(first, first + batch).map(({ place }) => place);
    first += batch;
    yield { input, places };
  }
}

/** The reference counts pixels from 1 and includes the last. */
function clippedWindow(photo: RgbImage, rows: Float64Array, at: number): Window | undefined {
  const left = Math.max(1, Math.trunc(rows[at]));
  const top = Math.max(1, Math.trunc(rows[at + 1]));
  const right = Math.min(photo.width, Math.trunc(rows[at + 2]));
  const bottom = Math.min(photo.height, Math.trunc(rows[at + 3]));
  if (right < left || bottom < top) return undefined;
  return { left: left - 1, top: top - 1, width: right - left + 1, height: bottom - top + 1 };
}
