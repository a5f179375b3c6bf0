import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { VectorIndexDefinition } from '../../../local/dynamodb/definitions.ts';
import { VectorIndex } from '../../../local/dynamodb/vector-index.ts';
import { bruteForce } from './brute-force.ts';
import { numbers } from './fixture.ts';

const definition: VectorIndexDefinition = {
  IndexName: 'embedding',
  VectorAttribute: { AttributeName: 'vector' },
  Dimensions: 3,
  DistanceFunction: 'EUCLIDEAN',
  SearchSchema: [{ AttributeName: 'collection', SearchSchemaElementType: 'HASH' }],
  Projection: { ProjectionType: 'ALL' },
};

const itemOf = (vector: Float32Array | readonly number[], collection = 'main') => ({
  vector: numbers([...vector]),
  collection: { S: collection },
});
const inCollection = (name: string) => new Map([['collection', { S: name }]]);
const nearest = (index: VectorIndex, query: readonly number[], count = 10, collection = 'main') =>
  index.search(new Float32Array(query), inCollection(collection), count);
const keysOf = (index: VectorIndex, collection?: string) =>
  nearest(index, [0, 0, 0], 100, collection).map(({ key }) => key);

function folderFor(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vector-index-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An index that is whole, as after the first scan of its table. */
function indexIn(folder: string, of = definition): VectorIndex {
  const index = new VectorIndex(of, folder);
  index.journal.markWhole();
  return index;
}

/** What the next process finds when this one dies now: the files as they are. */
function afterCrash(folder: string, of = definition): VectorIndex {
  const copy = folderFor();
  cpSync(folder, copy, { recursive: true });
  return new VectorIndex(of, copy);
}

/** Numbers of all sizes, so that codes have to be made anew, with ties. */
const coordinate = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -2, max: 3 }))
  .map(([a, b]) => a * 10 ** b);
const vector = fc.array(coordinate, { minLength: 3, maxLength: 3 });
const key = fc.integer({ min: 0, max: 40 }).map((id) => JSON.stringify([{ S: `image#${id}` }, { S: 'Gesicht ☺' }]));
const collection = fc.constantFrom('main', 'other');

describe('a vector index on disk', () => {
  it('finds what brute force finds after any additions, moves and removals, also in the next process', () => {
    const step = fc.tuple(key, fc.option(vector, { freq: 4 }), collection);
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 150, size: 'max' }),
        vector,
        fc.integer({ min: 1, max: 30 }),
        fc.nat(150),
        (steps, query, count, restartAt) => {
          const folder = folderFor();
          let index = indexIn(folder);
          const expected = { main: new Map<string, Float32Array>(), other: new Map<string, Float32Array>() };
          for (const [i, [id, values, name]] of steps.entries()) {
            if (i === restartAt) {
              index.close();
              index = new VectorIndex(definition, folder);
            }
            index.set(id, values ? itemOf(values, name) : undefined);
            for (const vectors of Object.values(expected)) vectors.delete(id);
            if (values) expected[name].set(id, new Float32Array(values));
          }
          const next = afterCrash(folder);

          for (const name of ['main', 'other'] as const) {
            const reference = bruteForce(expected[name], new Float32Array(query), count);
            expect(nearest(index, query, count, name)).toEqual(reference);
            expect(nearest(next, query, count, name)).toEqual(reference);
          }
          const size = expected.main.size + expected.other.size;
          expect([index.size, next.size]).toEqual([size, size]);
          index.close();
          next.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('begins anew when the last process died before the index was whole', () => {
    const folder = folderFor();
    const index = new VectorIndex(definition, folder);
    index.set('a', itemOf([1, 0, 0]));

    const next = afterCrash(folder);

    expect([next.journal.isWhole, next.size]).toEqual([false, 0]);
  });

  it('begins anew when it is another index', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    index.set('a', itemOf([1, 0, 0]));

    const next = afterCrash(folder, { ...definition, SearchSchema: [] });

    expect([next.journal.isWhole, next.size]).toEqual([false, 0]);
  });

  it.each(['floats', 'codes'])('begins anew when its %s have lost a part', (file) => {
    const folder = folderFor();
    const index = indexIn(folder);
    for (const id of ['a', 'b']) index.set(id, itemOf([1, 0, 0]));
    truncateSync(join(folder, file), statSync(join(folder, file)).size - 1);

    expect(afterCrash(folder).journal.isWhole).toBe(false);
  });

  it('drops a line that was not written to its end', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    index.set('a', itemOf([1, 0, 0]));
    writeFileSync(join(folder, 'journal'), '+1\t["half', { flag: 'a' });

    const next = afterCrash(folder);
    next.set('b', itemOf([2, 0, 0]));

    expect(keysOf(next)).toEqual(['a', 'b']);
  });

  it('remembers changes that were announced and not settled, each for itself', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    const first = index.journal.announce(['a']);
    index.journal.announce(['a', 'b']);
    index.set('a', itemOf([1, 0, 0]));
    index.journal.settle(first);

    const next = afterCrash(folder);

    expect([...next.journal.changes.values()]).toEqual([['a', 'b']]);
    expect(next.journal.announce(['c'])).toBeGreaterThan([...next.journal.changes.keys()][0]!);
  });

  it('writes a journal anew that has become long, and loses nothing by it', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    index.set('a', itemOf([1, 0, 0]));
    const pending = index.journal.announce(['b']);
    for (let i = 0; i < 60_000; i++) index.journal.settle(index.journal.announce(['c']));
    index.set('b', itemOf([2, 0, 0]));

    expect(statSync(join(folder, 'journal')).size).toBeLessThan(1_000_000);
    const next = afterCrash(folder);
    expect(keysOf(next)).toEqual(['a', 'b']);
    expect([...next.journal.changes.keys()]).toEqual([pending]);
    expect(next.journal.isWhole).toBe(true);
  });

  it('keeps nothing of a vector that was removed', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    for (const id of ['a', 'b']) index.set(id, itemOf([1, 2, 3]));
    index.set('a', undefined);
    index.set('b', itemOf([4, 5, 6]));

    const floats = readFileSync(join(folder, 'floats'));
    const codes = readFileSync(join(folder, 'codes')).subarray(8);
    expect(floats).toEqual(Buffer.concat([Buffer.alloc(12), Buffer.from(new Float32Array([4, 5, 6]).buffer)]));
    expect([...codes.subarray(0, 3)]).toEqual([0, 0, 0]);
  });

  it('gives the places of removed vectors to new ones', () => {
    const folder = folderFor();
    const index = indexIn(folder);
    for (let i = 0; i < 100; i++) {
      index.set(`a${i}`, itemOf([i, 0, 0]));
      if (i > 0) index.set(`a${i - 1}`, undefined);
    }
    const { size } = statSync(join(folder, 'floats'));
    const next = afterCrash(folder);
    next.set('b', itemOf([1, 1, 1]));

    expect(size).toBeLessThanOrEqual(2 * 3 * 4);
    expect(keysOf(next)).toEqual(['b', 'a99']);
  });
});
