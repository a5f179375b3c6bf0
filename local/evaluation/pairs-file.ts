import { RequestError } from '../../lib/core/errors.ts';

/** Two photos of a benchmark, by their paths in its folder, and whether they show the same person. */
export interface Pair {
  readonly fold: string;
  readonly imageA: string;
  readonly imageB: string;
  readonly same: boolean;
}

const columns = ['fold', 'image_a', 'image_b', 'same'] as const;

/**
 * Reads pairs from text: a header line, then a line a pair, tabs between; the columns fold, image_a, image_b and same (1 or 0) may stand in any order
 * and among others.
 * @throws RequestError INVALID_REQUEST that names the missing column or the line
 */
export function readPairs(text: string): Pair[] {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split('\t').map((name) => name.trim());
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw invalid(
      `Expected the columns ${columns.join(', ')} in the first line, tabs between; missing: ${missing.join(', ')}.`,
    );
  }
  const [fold, imageA, imageB, same] = columns.map((column) => names.indexOf(column)) as [
    number,
    number,
    number,
    number,
  ];
  const pairs: Pair[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const cells = line.split('\t').map((cell) => cell.trim());
    if (!cells[fold] || !cells[imageA] || !cells[imageB] || !['0', '1'].includes(cells[same] ?? '')) {
      throw invalid(
        `Expected a fold, two photos and 1 or 0 (the same person or not) in line ${i + 2}, received "${line}".`,
      );
    }
    pairs.push({ fold: cells[fold], imageA: cells[imageA], imageB: cells[imageB], same: cells[same] === '1' });
  }
  if (pairs.length === 0) throw invalid('Expected pairs below the first line, received none.');
  return pairs;
}

/** The photos that pairs name, each once, in order of appearance. */
export function photosOf(pairs: readonly Pair[]): string[] {
  return [...new Set(pairs.flatMap(({ imageA, imageB }) => [imageA, imageB]))];
}

function invalid(message: string): RequestError {
  return new RequestError('INVALID_REQUEST', message);
}
