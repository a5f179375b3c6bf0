import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { photosIn } from '../../local/photo-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-photo-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), '');
  }
}

const namesIn = async (...paths: string[]) =>
  (await photosIn(paths.map((path) => join(folder, path)))).map(({ name }) => name);

describe('the photos of a folder', () => {
  it('keep their path below it', async () => {
    await put('2026/May/a b.jpg', '2026/c.PNG', 'ü.HeIc');
    expect(await namesIn('')).toEqual(['2026/May/a b.jpg', '2026/c.PNG', 'ü.HeIc']);
    expect(await namesIn('2026')).toEqual(['May/a b.jpg', 'c.PNG']);
  });

  it('are files that are called like photos, and not hidden', async () => {
    await put(
      'a.jpg',
      'b.jpeg',
      'c.webp',
      'd.gif',
      'e.tif',
      'f.tiff',
      'g.avif',
      'h.heif',
      'notes.txt',
      'jpg',
      '.i.jpg',
      '.facenet/buckets/photos/photos/j.jpg',
      '.facenet/demo/k.jpg',
    );
    await mkdir(join(folder, 'folder.jpg'));
    expect(await namesIn('')).toEqual(['a.jpg', 'b.jpeg', 'c.webp', 'd.gif', 'e.tif', 'f.tiff', 'g.avif', 'h.heif']);
  });
});

describe('a file that is named', () => {
  it('is taken, whatever it is called, by its own name', async () => {
    await put('x/photo', 'x/y.jpg');
    expect(await namesIn('x/photo', 'x/y.jpg')).toEqual(['photo', 'y.jpg']);
  });

  it('is taken once, also when its folder is named, too', async () => {
    await put('x/y.jpg', 'x/z.jpg');
    expect(await namesIn('x', 'x/y.jpg')).toEqual(['y.jpg', 'z.jpg']);
  });
});

describe('what cannot be meant', () => {
  it.each([
    ['a path that is not there', ['gone'], 'PHOTO_NOT_FOUND', /gone/],
    ['two photos of one name', ['a/x.jpg', 'b/x.jpg'], 'INVALID_REQUEST', /Name the folder that holds both/],
    ['a folder without photos', ['c'], 'INVALID_REQUEST', /found none/],
  ])('is refused: %s', async (_, paths, code, message) => {
    await put('a/x.jpg', 'b/x.jpg', 'c/notes.txt');
    await expect(namesIn(...paths)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});
