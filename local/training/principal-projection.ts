import { principalAxes } from '../../layers/models/principal-axes.ts';
import { RequestError } from '../../lib/core/errors.ts';
import type { LabelledFaces } from '../../lib/vision/labelled-faces.ts';
import type { Projection } from '../../lib/vision/projection.ts';

/**
 * Expects no more dimensions of a projection than what it projects has.
 * @throws RequestError INVALID_REQUEST when more are asked for
 */
export function expectAtMost(dimensions: number, outputs: number): void {
  if (outputs <= dimensions) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected at most the ${dimensions} dimensions of the embedder, received ${outputs}. A projection adds nothing; choose fewer.`,
  );
}

/**
 * The projection of unit vectors onto their principal axes. With as many outputs as inputs it is a rotation, which changes no distance.
 * @throws RequestError INVALID_REQUEST when more outputs are asked for than there are inputs
 */
export function principalProjection({ dimensions, vectors }: LabelledFaces, outputs: number): Projection {
  expectAtMost(dimensions, outputs);
  const matrix = principalAxes(vectors, dimensions, outputs);
  return { inputs: dimensions, outputs, matrix, bias: new Float32Array(outputs) };
}
