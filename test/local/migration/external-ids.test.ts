import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idAmong, idRules, readIdFile } from '../../../local/migration/external-ids.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-ids-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function idsIn(name: string, text: string): Promise<Record<string, string>> {
  const file = join(folder, name);
  await writeFile(file, text);
  return Object.fromEntries(await readIdFile(file));
}

describe('a file of ids', () => {
  it('is CSV of keys and ids, quoted where a key has a comma', async () => {
    const csv = '\ufeffusers/1.jpg,alice\n"a, b.jpg", bob \n\n';
    expect(await idsIn('ids.csv', csv)).toEqual({ 'users/1.jpg': 'alice', 'a, b.jpg': 'bob' });
  });

  it('or JSON', async () => {
    expect(await idsIn('ids.json', '{"users/1.jpg":"alice"}')).toEqual({ 'users/1.jpg': 'alice' });
  });

  it.each([
    ['a column too many', 'a.csv', 'a,b,c'],
    ['a quote that is not closed', 'b.csv', '"a,b'],
    ['an id with a space', 'c.csv', 'a.jpg,John Doe'],
    ['an id that is too long', 'd.csv', `a.jpg,${'x'.repeat(256)}`],
    ['no object', 'e.json', '["a"]'],
    ['no JSON', 'f.json', '{'],
  ])('is refused with %s', async (_, name, text) => {
    await expect(idsIn(name, text)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});

describe('the rules', () => {
  it.each([
    ['key', 'users/jean luc/1.front.jpg', 'users:jean_luc:1.front.jpg'],
    ['name', 'users/jean luc/1.front.jpg', '1.front.jpg'],
    ['stem', 'users/jean luc/1.front.jpg', '1.front'],
    ['stem', 'users/README', 'README'],
    ['name', 'ü.jpg', '_.jpg'],
  ] as const)('%s makes of %s %s', (rule, key, id) => {
    expect(idRules[rule](key)).toBe(id);
  });

  it('keep the end of a key that is too long for an id', () => {
    const id = idRules.key(`${'x'.repeat(300)}/a.jpg`);
    expect(id).toHaveLength(255);
    expect(id).toMatch(/:a\.jpg$/);
  });
});

describe('an id of an old collection', () => {
  it('is the one that it has for the key, whichever rule made it', () => {
    const idOf = idAmong(
      new Map([
        ['users:1.jpg', 1],
        ['2', 1],
      ]),
    );
    expect([idOf('users/1.jpg'), idOf('users/2.jpg'), idOf('users/3.jpg')]).toEqual(['users:1.jpg', '2', undefined]);
  });

  it('is none where several images have it, or two ids fit', () => {
    const idOf = idAmong(
      new Map([
        ['1.jpg', 2],
        ['2', 1],
        ['2.jpg', 1],
      ]),
    );
    expect([idOf('1.jpg'), idOf('2.jpg')]).toEqual([undefined, undefined]);
  });
});
