import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/**
 * The axes that keep the most of vectors' lengths, and so of the angles between them: the first eigenvectors of their second moments, the strongest first.
 * Takes and answers rows; each axis has unit length and as many `dimensions` as the vectors. It adds, multiplies, divides and takes square roots only, so it
 * gives the same bits on every machine.
 */
export function principalAxes(vectors: Float32Array, dimensions: number, count: number): Float32Array {
  const rows = vectors.length / dimensions;
  const matrix = Matrix.from1DArray(rows, dimensions, vectors);
  const moments = matrix.transpose().mmul(matrix).div(rows);
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(moments, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!);
  const axes = new Float32Array(count * dimensions);
  for (const [row, column] of order.slice(0, count).entries()) {
    axes.set(eigenvectorMatrix.getColumn(column), row * dimensions);
  }
  return axes;
}
