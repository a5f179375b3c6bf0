import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { billOfMillionPhotos, rekognitionBill, totalOf } from '../../bench/cost-model.ts';
import { prices } from '../../cdk/prices.ts';

const work = { photoMs: 400, faceMs: 16, facesPerPhoto: 2, dimensions: 192 };

it('docs/cost.md says what the script computes', () => {
  const printed = execFileSync(process.execPath, ['--import', 'tsx', 'bench/cost.ts'], { encoding: 'utf8' });

  expect(readFileSync('docs/cost.md', 'utf8')).toContain(printed.trim());
});

it('reckons Lambda by time and memory', () => {
  const [detect] = billOfMillionPhotos(prices, work);

  // 1e6 × 0.46 s × 1.7275 GiB × 0.0000133334 + 0.2
  expect(detect!.dollars).toBeCloseTo(10.796, 2);
});

it('asks more for more faces, longer vectors and slower machines', () => {
  const total = (change: Partial<typeof work>) => totalOf(billOfMillionPhotos(prices, { ...work, ...change }));

  for (const change of [{ facesPerPhoto: 3 }, { dimensions: 512 }, { photoMs: 800 }, { faceMs: 32 }]) {
    expect(total(change)).toBeGreaterThan(total({}));
  }
});

it('counts vectors into the index once their price is known', () => {
  const priced = { ...prices, vectorWriteGiB: 1 };

  expect(totalOf(billOfMillionPhotos(priced, work)) - totalOf(billOfMillionPhotos(prices, work))).toBeCloseTo(1.43, 2);
});

it('takes the list price of Rekognition for an index and a search of each face', () => {
  expect(totalOf(rekognitionBill(prices, { facesPerPhoto: 1 }))).toBe(2010);
});
