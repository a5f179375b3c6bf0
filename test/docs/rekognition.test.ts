import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rekognitionStatuses } from '../../functions/match/rekognition/errors.ts';
import { operations } from '../../functions/match/rekognition/operations.ts';
import { qualityBars } from '../../functions/match/rekognition/quality-filter.ts';

const page = readFileSync('docs/rekognition.md', 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| '));

describe('docs/rekognition.md', () => {
  it('has a row for each operation, and for no other', () => {
    const named = rows.flatMap((row) => /^\| ([A-Z][a-z]+[A-Z]\w+) \| (?:same|differs) \|/.exec(row)?.[1] ?? []);
    expect(named.sort()).toEqual(Object.keys(operations).sort());
    expect(named).toHaveLength(18);
  });

  it('explains every error that is answered', () => {
    const explained = rows.flatMap((row) => (/^\| (\w+(?:Exception|Error)[^|]*) \|/.exec(row)?.[1] ?? '').split(', '));
    expect(explained.filter(Boolean).sort()).toEqual(Object.keys(rekognitionStatuses).sort());
  });

  it.each([
    ['LOW', 'LOW, AUTO'],
    ['MEDIUM', 'MEDIUM'],
    ['HIGH', 'HIGH'],
  ] as const)('has the numbers of the bar of %s', (filter, name) => {
    const bar = qualityBars[filter]!;
    const cells = rows.find((row) => row.startsWith(`| ${name} |`))!.split(' | ');
    expect(cells.slice(1, 5)).toEqual(
      [100 * bar.confidence, bar.size, bar.sharpness, `${bar.darkest} to ${bar.brightest}`].map(String),
    );
    if (filter !== 'LOW') expect(cells.slice(5, 7)).toEqual([`${bar.yaw}°`, `${bar.down}°, ${bar.up}°`]);
  });
});
