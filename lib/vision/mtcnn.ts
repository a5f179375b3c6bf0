import { Candidates, candidateFields } from './candidates.ts';
import { area, type DetectedFace, type Landmarks } from './geometry.ts';
import type { RgbImage } from './image.ts';
import type { MtcnnNets } from './mtcnn-nets.ts';
import { AreaResampler, type Window } from './resize.ts';

/** What is looked for. The defaults are the reference implementation's (facenet-pytorch, `MTCNN`). */
export interface DetectionSettings {
  /** The side of the smallest face, in pixels. */
  readonly minFace: number;
  /** The least face probability after each net. */
  readonly thresholds: readonly [proposal: number, refinement: number, output: number];
  /** How much smaller each level of the pyramid is than the one before. */
  readonly factor: number;
  /** At most so many faces are answered, the largest. */
  readonly maxFaces: number;
}

export const defaultDetectionSettings: DetectionSettings = {
  minFace: 20,
  thresholds: [0.6, 0.7, 0.7],
  factor: 0.709,
  maxFaces: 1000,
};

/** The side of the proposal net's window, and how far apart two of its windows are. */
const cell = 12;
const cellStride = 2;
/** Windows that the later nets take at once: enough to fill the cores, few enough to stay in memory (256 × 48 × 48 × 3 floats are 7 MB). */
const batch = 256;
/** Overlaps above which the lesser of two boxes goes: within a level, between levels and after each later net (reference: `detect_face`). */
const overlapInLevel = 0.5;
const overlap = 0.7;

/**
 * Finds the faces in a photo with MTCNN (Zhang et al. 2016), step for step as facenet-pytorch's `detect_face` does. Faces come sorted by falling box area;
 * boxes and landmarks are in pixels of the photo and may leave it.
 */
export async function detectFaces(
  photo: RgbImage,
  nets: MtcnnNets,
  settings: Partial<DetectionSettings> = {},
): Promise<DetectedFace[]> {
  const { minFace, thresholds, factor, maxFaces } = { ...defaultDetectionSettings, ...settings };
  const resampler = new AreaResampler();
  const proposed = await propose(photo, nets, resampler, pyramidScales(photo, minFace, factor), thresholds[0]);
  const refined = await refine(photo, nets, resampler, proposed, thresholds[1]);
  const faces = await finish(photo, nets, resampler, refined, thresholds[2]);
  return faces.sort((a, b) => area(b.box) - area(a.box)).slice(0, maxFaces);
}

/** The scales of the pyramid's levels, the finest first: at the first the smallest face fills the proposal net's window, at the last that window fills the photo. */
export function pyramidScales(
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  minFace: number,
  factor: number,
): number[] {
  const scales: number[] = [];
  for (let scale = cell / minFace; Math.min(width, height) * scale >= cell; scale *= factor) scales.push(scale);
  return scales;
}

async function propose(
  photo: RgbImage,
  nets: MtcnnNets,
  resampler: AreaResampler,
  scales: readonly number[],
  threshold: number,
): Promise<Candidates> {
  const all = new Candidates();
  const whole = { left: 0, top: 0, width: photo.width, height: photo.height };
  let input = new Float32Array(0);
  for (const scale of scales) {
    const height = Math.floor(photo.height * scale + 1);
    const width = Math.floor(photo.width * scale + 1);
    if (input.length === 0) input = new Float32Array(3 * height * width);
    const level = input.subarray(0, 3 * height * width);
    resampler.resample(photo, whole, level, 0, height, width);
    const { rows, columns, probability, regression } = await nets.pnet(level, height, width);
    const plane = rows * columns;
    const found = new Candidates();
    for (let row = 0, at = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at++) {
        if (probability[at] < threshold) continue;
        found.push(
          Math.floor((cellStride * column + 1) / scale),
          Math.floor((cellStride * row + 1) / scale),
          Math.floor((cellStride * column + cell) / scale),
          Math.floor((cellStride * row + cell) / scale),
          probability[at],
          regression[at],
          regression[at + plane],
          regression[at + 2 * plane],
          regression[at + 3 * plane],
        );
      }
    }
    all.append(found.pick(found.suppress(overlapInLevel, 'union')));
  }
  const kept = all.pick(all.suppress(overlap, 'union'));
  kept.regress(0);
  kept.square();
  return kept;
}

async function refine(
  photo: RgbImage,
  nets: MtcnnNets,
  resampler: AreaResampler,
  candidates: Candidates,
  threshold: number,
): Promise<Candidates> {
  const passed = new Candidates();
  for (const { input, places } of windowBatches(photo, resampler, candidates, 24)) {
    const { probability, regression } = await nets.rnet(input, places.length);
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
  resampler: AreaResampler,
  candidates: Candidates,
  threshold: number,
): Promise<DetectedFace[]> {
  const passed = new Candidates();
  const landmarksOf: Landmarks[] = [];
  for (const { input, places } of windowBatches(photo, resampler, candidates, 48)) {
    const { probability, regression, landmarks } = await nets.onet(input, places.length);
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

/** Cuts the candidates' windows out of the photo, a batch at a time; a window is clipped to the photo, and one that lies wholly outside is left out. */
function* windowBatches(photo: RgbImage, resampler: AreaResampler, candidates: Candidates, side: number) {
  const each = 3 * side * side;
  const input = new Float32Array(Math.min(batch, candidates.length) * each);
  let places: number[] = [];
  for (let place = 0; place < candidates.length; place++) {
    const window = clippedWindow(photo, candidates.rows, place * candidateFields);
    if (!window) continue;
    resampler.resample(photo, window, input, places.length * each, side, side);
    places.push(place);
    if (places.length < batch) continue;
    yield { input, places };
    places = [];
  }
  if (places.length > 0) yield { input: input.subarray(0, places.length * each), places };
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
