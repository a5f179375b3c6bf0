import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { RequestError } from '../../lib/core/errors.ts';
import type { LabelledFaces } from '../../lib/vision/labelled-faces.ts';
import type { Projection } from '../../lib/vision/projection.ts';

/**
 * The projection that keeps the most of unit vectors' lengths, and so of the angles between them: onto the first eigenvectors of their second moments.
 * With as many outputs as inputs it is a rotation, which changes no distance.
 * @throws RequestError INVALID_REQUEST when more outputs are asked for than there are inputs
 */
export function principalAxes({ dimensions, people, vectors }: LabelledFaces, outputs: number): Projection {
  if (outputs > dimensions) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected at most the ${dimensions} dimensions of the embedder, received ${outputs}. A projection adds nothing; choose fewer.`,
    );
  }
  const faces = Matrix.from1DArray(people.length, dimensions, vectors);
  const moments = faces.transpose().mmul(faces).div(people.length);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(moments, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const matrix = new Float32Array(outputs * dimensions);
  for (const [row, column] of order.slice(0, outputs).entries()) {
    matrix.set(eigenvectorMatrix.getColumn(column), row * dimensions);
  }
  return { inputs: dimensions, outputs, matrix, bias: new Float32Array(outputs) };
}
