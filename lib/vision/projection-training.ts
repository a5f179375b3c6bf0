import type { LabelledFaces } from './labelled-faces.ts';
import { type Projection, projectRows } from './projection.ts';
import { seededRandom, shuffled } from './seeded-random.ts';
import { semiHardTriplets, squaredDistances, tripletLoss } from './triplet-loss.ts';

/** How a projection is taught. */
export interface TrainingSettings {
  /** How much farther a stranger has to be than the same person, in squared distance. */
  readonly margin: number;
  /** How often it goes over all faces. */
  readonly epochs: number;
  /** Faces of a batch: triplets are found within it, so a larger one finds harder negatives. */
  readonly batchFaces: number;
  /** At most so many faces of a person are in a batch. */
  readonly facesPerPerson: number;
  /** The first step of Adam; it falls to nothing over the epochs, along a half cosine. */
  readonly learningRate: number;
  /** The same seed gives the same projection. */
  readonly seed: number;
}

/** How an epoch went. */
export interface Epoch {
  /** From 1. */
  readonly number: number;
  /** Mean loss of the triplets that were found. */
  readonly loss: number;
  /** The part of the pairs of one person's faces, 0..1, that still find a stranger within the margin. */
  readonly activeRate: number;
}

/** Adam's constants (Kingma and Ba 2015). */
const decay = { first: 0.9, second: 0.999 } as const;
const epsilon = 1e-8;

/**
 * Teaches a projection with the triplet loss, in place, and yields how each epoch went. A batch has up to `facesPerPerson` faces of as many people as fit,
 * so that there are pairs in it; people of one face are its strangers.
 */
export function* trainProjection(
  { people, vectors }: LabelledFaces,
  projection: Projection,
  settings: TrainingSettings,
): Generator<Epoch> {
  const { margin, epochs, batchFaces, facesPerPerson, learningRate, seed } = settings;
  const { inputs, outputs } = projection;
  const random = seededRandom(seed);
  const weights = [new AdamWeights(projection.matrix), new AdamWeights(projection.bias)] as const;
  const faces = new Float32Array(batchFaces * inputs);
  const projected = new Float32Array(batchFaces * outputs);
  const lengths = new Float32Array(batchFaces);
  const byPerson = facesByPerson(people);
  const steps = epochs * Math.ceil(batchesOf(byPerson, facesPerPerson, batchFaces));
  let step = 0;
  for (let number = 1; number <= epochs; number++) {
    let loss = 0;
    let triplets = 0;
    let pairs = 0;
    for (const batch of epochBatches(byPerson, facesPerPerson, batchFaces, random)) {
      const rows = batch.length;
      for (let row = 0; row < rows; row++) {
        faces.set(vectors.subarray(batch[row] * inputs, (batch[row] + 1) * inputs), row * inputs);
      }
      const whose = batch.map((face) => people[face]);
      const input = faces.subarray(0, rows * inputs);
      const output = projected.subarray(0, rows * outputs);
      projectRows(input, projection, output, lengths.subarray(0, rows));
      const found = semiHardTriplets(squaredDistances(output, rows, outputs), whose, margin);
      const gradient = new Float32Array(output.length);
      const batchLoss = tripletLoss(output, outputs, found, margin, gradient);
      loss += batchLoss * found.anchors.length;
      triplets += found.anchors.length;
      pairs += pairsIn(whose);
      alongTheSphere(gradient, output, lengths, rows, outputs);
      addOuter(weights[0].gradient, gradient, input, rows, outputs, inputs);
      addRows(weights[1].gradient, gradient, rows, outputs);
      const rate = learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps));
      for (const part of weights) part.step(rate);
      step++;
    }
    yield { number, loss: loss / Math.max(1, triplets), activeRate: triplets / Math.max(1, pairs) };
  }
}

/** Takes out of a gradient what would only change the vectors' lengths, and carries it back through the scaling to unit length. */
function alongTheSphere(
  gradient: Float32Array,
  vectors: Float32Array,
  lengths: Float32Array,
  rows: number,
  dimensions: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * dimensions;
    let along = 0;
    for (let k = 0; k < dimensions; k++) along += gradient[from + k] * vectors[from + k];
    const scale = 1 / lengths[row];
    for (let k = 0; k < dimensions; k++) {
      gradient[from + k] = (gradient[from + k] - along * vectors[from + k]) * scale;
    }
  }
}

/** sum += gradientᵀ · inputs */
function addOuter(
  sum: Float32Array,
  gradient: Float32Array,
  vectors: Float32Array,
  rows: number,
  outputs: number,
  inputs: number,
): void {
  for (let row = 0; row < rows; row++) {
    const from = row * inputs;
    for (let output = 0; output < outputs; output++) {
      const by = gradient[row * outputs + output];
      if (by === 0) continue;
      for (let input = 0, at = output * inputs; input < inputs; input++) sum[at++] += by * vectors[from + input];
    }
  }
}

function addRows(sum: Float32Array, gradient: Float32Array, rows: number, outputs: number): void {
  for (let at = 0; at < rows * outputs; at++) sum[at % outputs] += gradient[at];
}

/** Weights that Adam changes, in place. */
class AdamWeights {
  /** Of the step to come; a step empties it. */
  readonly gradient: Float32Array;
  readonly #values: Float32Array;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  #steps = 0;

  constructor(values: Float32Array) {
    this.#values = values;
    this.gradient = new Float32Array(values.length);
    this.#first = new Float32Array(values.length);
    this.#second = new Float32Array(values.length);
  }

  step(rate: number): void {
    this.#steps++;
    const values = this.#values;
    const gradient = this.gradient;
    const first = this.#first;
    const second = this.#second;
    const unbiasFirst = 1 / (1 - decay.first ** this.#steps);
    const unbiasSecond = 1 / (1 - decay.second ** this.#steps);
    for (let i = 0; i < values.length; i++) {
      const slope = gradient[i];
      first[i] = decay.first * first[i] + (1 - decay.first) * slope;
      second[i] = decay.second * second[i] + (1 - decay.second) * slope * slope;
      values[i] -= (rate * first[i] * unbiasFirst) / (Math.sqrt(second[i] * unbiasSecond) + epsilon);
    }
    gradient.fill(0);
  }
}

function facesByPerson(people: Int32Array): Int32Array[] {
  const faces = new Map<number, number[]>();
  for (let face = 0; face < people.length; face++) {
    const known = faces.get(people[face]);
    if (known) known.push(face);
    else faces.set(people[face], [face]);
  }
  return [...faces.values()].map((list) => Int32Array.from(list));
}

/** How many batches an epoch has, about. */
function batchesOf(byPerson: readonly Int32Array[], facesPerPerson: number, batchFaces: number): number {
  const faces = byPerson.reduce((sum, { length }) => sum + Math.min(length, facesPerPerson), 0);
  return Math.max(1, faces / batchFaces);
}

/** Everybody once in an epoch, in random order, with a random choice of the person's faces. */
function* epochBatches(
  byPerson: readonly Int32Array[],
  facesPerPerson: number,
  batchFaces: number,
  random: () => number,
): Generator<Int32Array> {
  let batch: number[] = [];
  for (const faces of shuffled(byPerson, random)) {
    const chosen = shuffled([...faces], random).slice(0, facesPerPerson);
    if (batch.length + chosen.length > batchFaces) {
      yield Int32Array.from(batch);
      batch = [];
    }
    batch.push(...chosen);
  }
  if (batch.length > 0) yield Int32Array.from(batch);
}

function pairsIn(people: Int32Array): number {
  let pairs = 0;
  for (const person of people) for (const other of people) if (person === other) pairs++;
  return pairs - people.length;
}
