import { toUnitLength } from '../../../lib/vision/distance.ts';
import type { LabelledFace } from '../../../lib/vision/labelled-faces.ts';
import { seededRandom } from '../../../lib/vision/seeded-random.ts';

/**
 * People of 16 dimensions: what tells them apart is in the first 8, and the same disturbance, of a camera say, in the others, as strong as `noise` says.
 * An embedder that does not know it takes it for a part of the face.
 */
export function population(people: number, facesEach: number, noise: number): LabelledFace[] {
  const random = seededRandom(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: people }, (_, person) => {
    const face = Array.from({ length: 8 }, normal);
    return Array.from({ length: facesEach }, () => {
      const seen = face.map((value) => value + 0.45 * normal());
      const disturbance = Array.from({ length: 8 }, () => noise * normal());
      return { person: `person ${person}`, embedding: toUnitLength(Float32Array.of(...seen, ...disturbance)) };
    });
  }).flat();
}
