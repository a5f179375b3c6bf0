import { createHash } from 'node:crypto';
import { opendir } from 'node:fs/promises';
import { extname } from 'node:path';
import { getMimeType } from 'hono/utils/mime';
import { failedWith } from '../../lib/adapters/files.ts';
import { type FileStamp, type Location, sameLocation, sameStamp } from './data-files.ts';
import { S3Error } from './errors.ts';
import { isIgnoredName } from './ignored-names.ts';
import { checkKey, escapedFolder, keyOfPath } from './keys-to-paths.ts';
import { entriesOf, type ObjectVersion, versionEntry } from './object-index.ts';
import type { ObjectStore } from './object-store.ts';
import { defaultContentType } from './request.ts';

/** Makes the objects agree with what lies in the buckets' folder: a file put there is an upload, a file gone is a removal. */
export class FolderSync {
  readonly #store: ObjectStore;
  /** Milliseconds for which a file must have stayed as it is. */
  readonly #settled: number;
  readonly #unsettled: (path: string) => void;
  #closed = false;

  /** @param unsettled told of each file that is still being written, to look at it again later */
  constructor(store: ObjectStore, settled: number, unsettled: (path: string) => void) {
    this.#store = store;
    this.#settled = settled;
    this.#unsettled = unsettled;
  }

  /** Ends what is under way at the next file. */
  close(): void {
    this.#closed = true;
  }

  /** Takes up whatever is at a path of the buckets' folder (`<bucket>/<path>`, or empty for all): a file, a folder with all in it, or nothing any more. */
  async sync(path: string): Promise<void> {
    const [bucket] = path.split('/');
    if (path === '') {
      for await (const { name } of this.#store.index.scan('buckets', '')) await this.sync(name);
    } else if (bucket && (await this.#store.index.get('buckets', bucket))) {
      await this.#takeUp(path);
      await this.#missAt(bucket, path.slice(bucket.length + 1));
    }
  }

  /** Takes up the file, or every file of the folder, at a path. */
  async #takeUp(path: string): Promise<void> {
    const at: Location = { area: 'buckets', path };
    try {
      if (this.#store.files.stamp(at)) return await this.#takeUpFile(path);
      if (!this.#store.files.isFolder(at)) return;
      const folder = await opendir(this.#store.files.absolute(at), { bufferSize: 256 });
      for await (const entry of folder) {
        if (this.#closed) return;
        const inside = `${path}/${entry.name}`;
        if (isIgnoredName(entry.name)) continue;
        if (entry.isFile()) await this.#takeUpFile(inside);
        else if (entry.isDirectory()) await this.#takeUp(inside);
      }
    } catch (error) {
      if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
    }
  }

  async #takeUpFile(path: string): Promise<void> {
    const bucketName = path.slice(0, path.indexOf('/'));
    const key = storableKey(path.slice(bucketName.length + 1));
    if (key === undefined) return;
    const at: Location = { area: 'buckets', path };
    const stamp = this.#store.files.stamp(at);
    if (!stamp || (await this.#isKnown(bucketName, key, at, stamp))) return;
    const age = Date.now() - stamp.mtimeMs;
    if (age >= 0 && age < this.#settled) return this.#unsettled(path);
    const md5 = await this.#md5Of(at);
    if (md5 === undefined) return;
    await this.#store.exclusively(async () => {
      const now = this.#store.files.stamp(at);
      if (!now || !sameStamp(now, stamp)) return this.#unsettled(path);
      const newest = await this.#store.index.newest(bucketName, key);
      if (newest && sameLocation(newest.at, at) && newest.md5 === md5) {
        const entry = versionEntry(bucketName, key, newest.sequencer);
        await this.#store.index.write([{ table: 'versions', key: entry, value: { ...newest, stamp } }]);
        return;
      }
      const headers = { 'content-type': getMimeType(extname(key)) ?? defaultContentType };
      const bucket = await this.#store.bucket(bucketName);
      await this.#store.adopt(bucket, { key, at, stamp, size: stamp.size, md5, headers });
    });
  }

  async #isKnown(bucket: string, key: string, at: Location, stamp: FileStamp): Promise<boolean> {
    const newest = await this.#store.index.newest(bucket, key);
    return newest?.stamp !== undefined && sameLocation(newest.at, at) && sameStamp(newest.stamp, stamp);
  }

  /** Removes the objects whose files were at a path of the bucket's folder, or under it, and are gone. */
  async #missAt(bucket: string, path: string): Promise<void> {
    const key = keyOfPath(path);
    const newest = key && (await this.#store.index.newest(bucket, key));
    if (newest) await this.#miss(bucket, newest);
    const isPiece = path === escapedFolder || path.startsWith(`${escapedFolder}/`);
    const prefix = path === '' || isPiece ? '' : `${path}/`;
    if (isPiece && key !== undefined) return;
    let last: string | undefined;
    for await (const version of this.#store.index.scan('versions', entriesOf(bucket) + prefix)) {
      if (this.#closed) return;
      if (version.key !== last) await this.#miss(bucket, version);
      last = version.key;
    }
  }

  async #miss(bucketName: string, { key, at }: ObjectVersion): Promise<void> {
    if (at?.area !== 'buckets' || this.#store.files.stamp(at)) return;
    await this.#store.exclusively(async () => {
      const newest = await this.#store.index.newest(bucketName, key);
      if (!sameLocation(newest?.at, at) || this.#store.files.stamp(at)) return;
      await this.#store.removeHeld(await this.#store.bucket(bucketName), key);
    });
  }

  /** Undefined when the file is gone, or the store is being closed. */
  async #md5Of(at: Location): Promise<string | undefined> {
    const file = await this.#store.files.read(at);
    if (!file) return undefined;
    const hash = createHash('md5');
    for await (const bytes of file.createReadStream()) {
      if (this.#closed) return undefined;
      hash.update(bytes);
    }
    return hash.digest('hex');
  }
}

/** The key of a file that was put into a bucket's folder by hand, or undefined when it is none that could have been uploaded. */
function storableKey(path: string): string | undefined {
  const key = keyOfPath(path);
  try {
    if (key !== undefined) checkKey(key);
    return key;
  } catch (error) {
    if (error instanceof S3Error) return undefined;
    throw error;
  }
}
