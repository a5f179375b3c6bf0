import { expect, it } from 'vitest';
import { labelledFaces } from '../../lib/vision/labelled-faces.ts';
import { type Projection, project } from '../../lib/vision/projection.ts';
import { trainProjection } from '../../lib/vision/projection-training.ts';
import { seededRandom } from '../../lib/vision/seeded-random.ts';
import { semiHardTriplets, squaredDistances, tripletLoss } from '../../lib/vision/triplet-loss.ts';
import { population } from '../local/training/population.ts';

const [inputs, outputs, margin] = [16, 4, 0.5];
const faces = labelledFaces(population(12, 3, 0.8));
const rows = faces.people.length;
const settings = { margin, epochs: 1, batchFaces: rows, facesPerPerson: 3, learningRate: 1e-3, seed: 1 };

function projection(): Projection {
  const random = seededRandom(2);
  const numbers = (length: number) => Float32Array.from({ length }, () => random() - 0.5);
  return { inputs, outputs, matrix: numbers(outputs * inputs), bias: numbers(outputs) };
}

it('steps down the slope of the loss, through the scaling to unit length', () => {
  const start = projection();
  const vectors = project(faces.vectors, start);
  const triplets = semiHardTriplets(squaredDistances(vectors, rows, outputs), faces.people, margin);
  const lossOf = (candidate: Projection) =>
    tripletLoss(project(faces.vectors, candidate), outputs, triplets, margin, new Float32Array(rows * outputs));
  const taught = projection();

  const [epoch] = [...trainProjection(faces, taught, settings)];

  expect(epoch!.loss).toBeCloseTo(lossOf(start), 5);
  expect(lossOf(taught)).toBeLessThan(lossOf(start));
  // The first step of Adam is the learning rate along each weight, against the sign of its slope: here measured by small steps.
  let compared = 0;
  for (const part of ['matrix', 'bias'] as const) {
    for (let i = 0; i < start[part].length; i++) {
      const moved = (by: number) => lossOf({ ...start, [part]: start[part].with(i, start[part][i]! + by) });
      const slope = (moved(0.01) - moved(-0.01)) / 0.02;
      if (Math.abs(slope) < 1e-3) continue;
      expect(taught[part][i]! - start[part][i]!).toBeCloseTo(-Math.sign(slope) * settings.learningRate, 5);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(40);
});

it('has in a batch no more faces of a person, and in all, than it is told', () => {
  const seen = (batchFaces: number, facesPerPerson: number) => {
    const [epoch] = [...trainProjection(faces, projection(), { ...settings, margin: 4, batchFaces, facesPerPerson })];
    return epoch!.activeRate;
  };
  // With so wide a margin every pair finds a stranger who is farther, if there is one: none where a batch is one person.
  expect(seen(rows, 3)).toBeGreaterThan(0.9);
  expect(seen(3, 3)).toBe(0);
  expect(seen(rows, 1)).toBe(0);
});
