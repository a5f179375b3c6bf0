import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { catalog } from '../../layers/models/catalog.ts';
import { ambiguityMarginOf, distanceAt, thresholdOf } from '../../lib/vision/similarity.ts';

const page = readFileSync('docs/accuracy.md', 'utf8');
/** The cells of the rows of all tables, without the marks of emphasis. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replaceAll('*', '').trim()),
  );
const tabled = ['mobilefacenet-ensemble', 'mobilefacenet-faceplugin', 'mobilefacenet', 'dlib-resnet'] as const;

it.each([50, 60, 70, 80, 85, 90, 95, 99])('has for a similarity of %d the distances of the cards', (similarity) => {
  const row = rows.find((cells) => cells.length === 10 && Number.parseInt(cells[0]!, 10) === similarity);
  for (const [i, id] of tabled.entries()) {
    expect(Math.abs(Number(row![2 + 2 * i]) - distanceAt(catalog[id].card, similarity)), id).toBeLessThan(6e-4);
  }
});

it('has at each false match rate the true matches of the cards', () => {
  for (const rate of [1e-2, 1e-3, 1e-4]) {
    const row = rows.find(([name]) => name!.startsWith('true matches at') && name!.includes(rate.toExponential()));
    for (const [i, id] of tabled.entries()) {
      const point = catalog[id].card.operatingPoints.find(({ falseMatchRate }) => falseMatchRate === rate);
      expect(Number.parseFloat(row![1 + i]!), id).toBeCloseTo(100 * point!.trueMatchRate, 5);
    }
  }
});

it('has the margins within which somebody else is told', () => {
  for (const id of tabled) {
    const row = rows.find((cells) => cells.length === 5 && cells[0] === id && cells[1]!.startsWith('0.0'));
    expect(Number(row![1]), id).toBeCloseTo(ambiguityMarginOf(catalog[id].card), 3);
  }
});

it('has a threshold of its own for one-shot identification, and the default beside it', () => {
  const [, own, threshold] = /That threshold is ([\d.]+) for the default embedder, well below its own of ([\d.]+)/.exec(
    page,
  )!;
  expect(Number(threshold)).toBeCloseTo(thresholdOf(catalog['mobilefacenet-ensemble'].card), 3);
  expect(Number(own)).toBeLessThan(Number(threshold));
});

it('shows every picture that there is, and none that is not', () => {
  const shown = [...page.matchAll(/\]\((accuracy\/[^)]+)\)/g)].map(([, path]) => path!);
  expect(shown.filter((path) => !existsSync(`docs/${path}`))).toEqual([]);
  expect(new Set(shown)).toEqual(new Set(readdirSync('docs/accuracy').map((name) => `accuracy/${name}`)));
});
