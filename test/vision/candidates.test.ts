import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Candidates, candidateFields } from '../../lib/vision/candidates.ts';

type Row = readonly [number, number, number, number, number, number, number, number, number];

function candidatesOf(rows: readonly Row[]): Candidates {
  const candidates = new Candidates();
  for (const row of rows) candidates.push(...row);
  return candidates;
}

function rowsOf({ rows, length }: Candidates): number[][] {
  return Array.from({ length }, (_, i) => [...rows.subarray(i * candidateFields, (i + 1) * candidateFields)]);
}

function box(left: number, top: number, right: number, bottom: number, score: number): Row {
  return [left, top, right, bottom, score, 0, 0, 0, 0];
}

/** How much of two boxes is shared, as the suppression measures it. */
function overlap(a: Row, b: Row, by: 'union' | 'smaller'): number {
  const inclusive = by === 'smaller' ? 1 : 0;
  const size = ([left, top, right, bottom]: Row) => (right - left + inclusive) * (bottom - top + inclusive);
  const width = Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + inclusive);
  const height = Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + inclusive);
  const shared = width * height;
  return shared / (by === 'union' ? size(a) + size(b) - shared : Math.min(size(a), size(b)));
}

const boxes = fc.array(
  fc
    .tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 0, max: 50 }),
    )
    .map(([left, top, width, height, score]) => box(left, top, left + width, top + height, score / 50)),
  { maxLength: 90 },
);

describe('rows', () => {
  test('survive growth, picking and appending', () => {
    const rows = Array.from({ length: 200 }, (_, i): Row => [i, i + 1, i + 2, i + 3, i / 200, 1, 2, 3, 4]);
    const candidates = candidatesOf(rows);

    const odd = candidates.pick([199, 1, 3]);
    odd.append(candidates);

    expect(rowsOf(odd)).toEqual([rows[199], rows[1], rows[3], ...rows]);
  });
});

describe('regression', () => {
  test('moves each edge by its part of the side', () => {
    const candidates = candidatesOf([[10, 20, 30, 60, 1, 0.1, -0.1, 0.5, 0.25]]);

    candidates.regress(0);

    expect(rowsOf(candidates)[0]!.slice(0, 4)).toEqual([12, 16, 40, 70]);
  });

  test('counts the last pixel in the later stages', () => {
    const candidates = candidatesOf([[0, 0, 9, 19, 1, 1, 1, 1, 1]]);

    candidates.regress(1);

    expect(rowsOf(candidates)[0]!.slice(0, 4)).toEqual([10, 20, 19, 39]);
  });
});

describe('squares', () => {
  test('have the longer side, around the same centre', () => {
    fc.assert(
      fc.property(boxes, (rows) => {
        const candidates = candidatesOf(rows);

        candidates.square();

        for (const [i, [left, top, right, bottom]] of rowsOf(candidates).entries()) {
          const before = rows[i]!;
          const side = Math.max(before[2] - before[0], before[3] - before[1]);
          expect([right! - left!, bottom! - top!]).toEqual([side, side]);
          expect([left! + right!, top! + bottom!]).toEqual([before[0] + before[2], before[1] + before[3]]);
        }
      }),
    );
  });
});

describe('suppression', () => {
  const inner = box(2, 2, 8, 8, 0.8);
  const outer = box(0, 0, 10, 10, 0.9);

  test('by union lets a small box inside a large one be', () => {
    expect(candidatesOf([inner, outer]).suppress(0.5, 'union')).toEqual([1, 0]);
  });

  test('by the smaller of the two does not', () => {
    expect(candidatesOf([inner, outer]).suppress(0.5, 'smaller')).toEqual([1]);
  });

  test('lets a box be that is covered by just as much as may be, whatever 0.7 · 180 rounds to', () => {
    const rows = [box(0, 0, 8, 20, 0.9), box(0, 0, 5, 29, 0.8)];

    expect(candidatesOf(rows).suppress(0.7, 'smaller')).toEqual([0, 1]);
  });

  test.for(['union', 'smaller'] as const)('by %s keeps exactly those that no better kept box covers', (by) => {
    fc.assert(
      fc.property(boxes, fc.constantFrom(0.3, 0.5, 0.7), (rows, most) => {
        const byScore = rows.map((_, i) => i).sort((a, b) => rows[b]![4] - rows[a]![4] || a - b);
        const expected: number[] = [];
        for (const place of byScore) {
          if (expected.every((better) => overlap(rows[better]!, rows[place]!, by) <= most)) expected.push(place);
        }

        expect(candidatesOf(rows).suppress(most, by)).toEqual(expected);
      }),
    );
  });
});
