import { randomUUID } from 'node:crypto';
import { constants, lstatSync, statSync } from 'node:fs';
import { copyFile, type FileHandle, link, lstat, mkdir, open, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failedWith } from '../../lib/adapters/files.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { S3Error } from './errors.ts';

/** A file of the store: in the folder of the buckets, or in the store's own. The path has `/` between names and never leaves its area. */
export interface Location {
  readonly area: 'buckets' | 'state';
  readonly path: string;
}

/** What tells one state of a file from another without reading it. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/** Whether two stamps are of the same state of a file. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ino === b.ino;
}

/** Whether two locations are one file. */
export function sameLocation(a: Location | undefined, b: Location | undefined): boolean {
  return a?.area === b?.area && a?.path === b?.path;
}

/** The bytes: the newest of every object in its bucket's folder, older versions, parts and what is still arriving in the state folder. */
export class DataFiles {
  readonly #areas: Record<Location['area'], string>;

  private constructor(buckets: string, state: string) {
    this.#areas = { buckets, state };
  }

  /**
   * Opens both areas and makes them where they are missing.
   * @throws ConfigError when they are not on one file system, on which a file moves from one to the other in one step
   */
  static async open(buckets: string, state: string): Promise<DataFiles> {
    await mkdir(buckets, { recursive: true });
    await mkdir(join(state, 'arriving'), { recursive: true });
    if (statSync(buckets).dev !== lstatSync(join(state, 'arriving')).dev) {
      throw new ConfigError(
        `Expected ${buckets} and ${state} on one file system. Choose folders on the same disk or mount.`,
      );
    }
    return new DataFiles(await realpath(buckets), await realpath(state));
  }

  absolute(location: Location): string {
    return join(this.#areas[location.area], location.path);
  }

  /** A new place in the state folder for bytes that arrive. */
  arriving(): Location {
    return { area: 'state', path: `arriving/${randomUUID()}` };
  }

  /** Throws away what was still arriving when the process died. */
  async clearArriving(): Promise<void> {
    const folder = this.absolute({ area: 'state', path: 'arriving' });
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder);
  }

  /** The place in the state folder of a version that is not the newest. */
  kept(sequencer: string): Location {
    return { area: 'state', path: `versions/${sequencer.slice(-2)}/${sequencer}` };
  }

  /** The file's stamp, or undefined when there is no plain file. Synchronous: the operating system answers in microseconds, its thread pool ten times later. */
  stamp(location: Location): FileStamp | undefined {
    try {
      const stat = lstatSync(this.absolute(location), { throwIfNoEntry: false });
      return stat?.isFile() ? { size: stat.size, mtimeMs: stat.mtimeMs, ino: stat.ino } : undefined;
    } catch (error) {
      if (failedWith(error, 'ENOTDIR')) return undefined;
      throw error;
    }
  }

  /** Whether there is a folder, not a link to one. */
  isFolder(location: Location): boolean {
    return lstatSync(this.absolute(location), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  /** Opens a file for reading, without following a link; undefined when there is none. */
  async read(location: Location): Promise<FileHandle | undefined> {
    try {
      return await open(this.absolute(location), constants.O_RDONLY | constants.O_NOFOLLOW);
    } catch (error) {
      if (failedWith(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return undefined;
      throw error;
    }
  }

  /** Keeps the bytes of one place in another as well. What is there already stays. */
  async keep(from: Location, to: Location): Promise<void> {
    await this.#makeParent(to);
    try {
      await link(this.absolute(from), this.absolute(to));
    } catch (error) {
      if (failedWith(error, 'EEXIST', 'ENOENT')) return;
      // A file system without hard links, such as exFAT.
      if (!failedWith(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
      const copy = this.arriving();
      await copyFile(this.absolute(from), this.absolute(copy));
      await this.place(copy, to);
    }
  }

  /** Moves a file over another in one step. A source that is gone was moved before. */
  async place(from: Location, to: Location): Promise<void> {
    await this.#makeParent(to);
    try {
      await rename(this.absolute(from), this.absolute(to));
    } catch (error) {
      if (!failedWith(error, 'ENOENT')) throw error;
    }
  }

  /** Removes a file, if it is there, and the folders that it leaves empty inside its bucket's. */
  async drop(location: Location): Promise<void> {
    await rm(this.absolute(location), { force: true });
    if (location.area !== 'buckets') return;
    for (let folder = dirname(location.path); folder.includes('/'); folder = dirname(folder)) {
      try {
        await rmdir(this.absolute({ ...location, path: folder }));
      } catch (error) {
        if (failedWith(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR', 'EPERM', 'EBUSY')) return;
        throw error;
      }
    }
  }

  /**
   * Whether an object can be stored at this path: what exists of it is real folders of exactly these names (no link that leads elsewhere, no
   * other spelling that the file system takes for the same), and at its end a file or nothing.
   * @throws S3Error KeyTooLongError when the operating system has no such long paths
   */
  async canHold(location: Location): Promise<boolean> {
    const root = this.#areas[location.area];
    const names = location.path.split('/');
    for (let length = names.length; length > 0; length--) {
      const path = join(root, ...names.slice(0, length));
      try {
        const real = await realpath(path);
        const stat = await lstat(path);
        return real === path && (length === names.length ? stat.isFile() : stat.isDirectory());
      } catch (error) {
        if (failedWith(error, 'ENOTDIR', 'ELOOP')) return false;
        if (failedWith(error, 'ENAMETOOLONG')) {
          throw new S3Error(
            'KeyTooLongError',
            'The key makes a path that this operating system cannot store. Shorten it.',
          );
        }
        if (!failedWith(error, 'ENOENT')) throw error;
      }
    }
    return true;
  }

  async #makeParent(location: Location): Promise<void> {
    await mkdir(dirname(this.absolute(location)), { recursive: true });
  }
}
