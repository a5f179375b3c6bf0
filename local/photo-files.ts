import { readdir, stat } from 'node:fs/promises';
import { dirname, extname, join, relative, sep } from 'node:path';
import { RequestError } from '../lib/core/errors.ts';
import { noSuchPhoto } from './api-client.ts';

/** A photo on this machine, and the name it gets in the bucket, with slashes. */
export interface PhotoFile {
  readonly path: string;
  readonly name: string;
}

/** What is taken for a photo when a folder is looked through; a file that is named is taken whatever it is called. */
const photoExtensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff', '.avif', '.heic', '.heif']);

/**
 * Finds the photos that are meant by files and folders. Those of a folder keep their path below it.
 * @throws RequestError PHOTO_NOT_FOUND when there is no such path, INVALID_REQUEST when there is no photo, or two get the same name
 */
export async function photosIn(paths: readonly string[]): Promise<PhotoFile[]> {
  const photos = (await Promise.all(paths.map(photosAt))).flat();
  const byName = new Map<string, PhotoFile>();
  for (const photo of photos) {
    const other = byName.get(photo.name);
    if (other && other.path !== photo.path) {
      throw new RequestError(
        'INVALID_REQUEST',
        `Expected photos of different names, received ${other.path} and ${photo.path}. Name the folder that holds both.`,
      );
    }
    byName.set(photo.name, photo);
  }
  if (byName.size > 0) return [...byName.values()];
  const endings = [...photoExtensions].join(' ');
  throw new RequestError('INVALID_REQUEST', `Expected photos (${endings}) in ${paths.join(', ')}, found none.`);
}

async function photosAt(path: string): Promise<PhotoFile[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw noSuchPhoto(path, cause);
  });
  if (!found.isDirectory()) return [fileIn(dirname(path), path)];
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && photoExtensions.has(extname(entry.name).toLowerCase()))
    .map((entry) => fileIn(path, join(entry.parentPath, entry.name)))
    .filter(({ name }) => !isHidden(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Also what lies in a hidden folder: a data folder is one, and its bucket would be added to itself. */
function isHidden(name: string): boolean {
  return name.split('/').some((part) => part.startsWith('.'));
}

function fileIn(folder: string, path: string): PhotoFile {
  return { path, name: relative(folder, path).split(sep).join('/') };
}
