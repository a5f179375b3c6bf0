import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { ChangeLog, Happened } from './change-log.ts';
import type { Checksum } from './checksums.ts';
import { type DataFiles, type Location, sameLocation, sameStamp } from './data-files.ts';
import { S3Error } from './errors.ts';
import type { Arrived } from './incoming-body.ts';
import { escapedPath, plainPath } from './keys-to-paths.ts';
import { Mutex } from './mutex.ts';
import type { EventName } from './notifications.ts';
import {
  type Bucket,
  type ObjectIndex,
  type ObjectVersion,
  type PendingChange,
  versionEntry,
  versionsOf,
  type Write,
} from './object-index.ts';

/** What an upload says of the object that it makes. */
export interface Draft {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum?: Checksum | undefined;
  /** Of a multipart upload, whose ETag is not the MD5 of the bytes. */
  readonly multipart?: { readonly etag: string; readonly partSizes: readonly number[] };
}

/** Looks at the live object that a write would replace, and throws when the write must not be done. */
export type Precondition = (live: ObjectVersion | undefined) => void;

/**
 * The objects of all buckets: files and index changed together, one change at a time. The newest bytes of an object are a plain
 * file of its bucket's folder; older versions lie in the state folder.
 */
export class ObjectStore {
  readonly index: ObjectIndex;
  readonly files: DataFiles;
  readonly #log: ChangeLog;
  readonly #lock = new Mutex();
  readonly #seenChanged: (at: Location) => void;

  /** @param seenChanged told when a file turns out not to be as the store left it */
  constructor(index: ObjectIndex, files: DataFiles, log: ChangeLog, seenChanged: (at: Location) => void) {
    this.index = index;
    this.files = files;
    this.#log = log;
    this.#seenChanged = seenChanged;
  }

  /** Runs work while nothing else changes the store. So changes, and their events, come in the order of their sequencers. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(work);
  }

  /** @throws S3Error NoSuchBucket */
  async bucket(name: string): Promise<Bucket> {
    const bucket = await this.index.get('buckets', name);
    if (bucket) return bucket;
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist. Create it first.');
  }

  /**
   * Makes bytes that have arrived the newest version of a key.
   * @throws S3Error NoSuchBucket, KeyTooLongError, or what the precondition throws; the bytes are dropped then
   */
  async put(
    bucketName: string,
    draft: Draft,
    arrived: Arrived,
    eventName: EventName,
    precondition?: Precondition,
  ): Promise<ObjectVersion> {
    try {
      return await this.exclusively(async () => {
        const bucket = await this.bucket(bucketName);
        const newest = await this.index.newest(bucketName, draft.key);
        precondition?.(newest?.deleteMarker ? undefined : newest);
        const at = await this.#placeOf(bucketName, draft.key, newest);
        const version: ObjectVersion = {
          ...this.#newVersion(bucket, draft.key),
          at,
          stamp: this.files.stamp(arrived.at)!,
          size: arrived.size,
          etag: draft.multipart?.etag ?? arrived.md5,
          md5: arrived.md5,
          headers: draft.headers,
          tags: draft.tags,
          ...(draft.checksum && { checksum: draft.checksum }),
          ...(draft.multipart && { partSizes: draft.multipart.partSizes }),
        };
        const place = { from: arrived.at, to: at };
        await this.#supersede(newest, { name: eventName, bucket: bucketName, version }, place);
        return version;
      });
    } finally {
      await this.files.drop(arrived.at);
    }
  }

  /** Takes up a file that lies in the bucket's folder already, put there by hand, as the newest version of its key. Call it while holding the store. */
  async adopt(
    bucket: Bucket,
    found: Pick<ObjectVersion, 'key' | 'size' | 'md5' | 'headers'> & Required<Pick<ObjectVersion, 'at' | 'stamp'>>,
  ): Promise<void> {
    const newest = await this.index.newest(bucket.name, found.key);
    const version = { ...this.#newVersion(bucket, found.key), ...found, etag: found.md5, tags: {} };
    await this.#supersede(newest, { name: 'ObjectCreated:Put', bucket: bucket.name, version });
  }

  /** Removes an object: for good, or under a delete marker where the bucket keeps versions. Answers the marker. */
  remove(bucketName: string, key: string): Promise<ObjectVersion | undefined> {
    return this.exclusively(async () => this.removeHeld(await this.bucket(bucketName), key));
  }

  /** The same while holding the store. */
  async removeHeld(bucket: Bucket, key: string): Promise<ObjectVersion | undefined> {
    const newest = await this.index.newest(bucket.name, key);
    if (bucket.versioning) {
      const marker: ObjectVersion = {
        ...this.#newVersion(bucket, key),
        deleteMarker: true,
        size: 0,
        etag: '',
        md5: '',
        headers: {},
        tags: {},
      };
      const happened = { name: 'ObjectRemoved:DeleteMarkerCreated', bucket: bucket.name, version: marker } as const;
      await this.#supersede(newest, happened);
      return marker;
    }
    if (newest) await this.#erase(bucket.name, newest, { drop: this.#present(newest.at) });
    return undefined;
  }

  /** Removes one version for good. The one before it becomes the newest when it was. Answers what was removed. */
  removeVersion(bucketName: string, key: string, versionId: string): Promise<ObjectVersion | undefined> {
    return this.exclusively(async () => {
      await this.bucket(bucketName);
      const version = await this.index.version(bucketName, key, versionId);
      if (!version) return undefined;
      const after = versionEntry(bucketName, key, version.sequencer);
      const wasNewest = (await this.index.newest(bucketName, key))?.sequencer === version.sequencer;
      const next = wasNewest
        ? await this.index.first('versions', versionsOf(bucketName, key), `${after}\0`)
        : undefined;
      if (!next?.at) {
        await this.#erase(bucketName, version, { drop: this.#present(version.at) });
        return version;
      }
      const to = await this.#placeOf(bucketName, key, version);
      const promoted = { ...next, at: to, stamp: this.files.stamp(next.at)! };
      await this.#erase(bucketName, version, {
        place: { from: next.at, to },
        writes: [{ table: 'versions', key: versionEntry(bucketName, key, next.sequencer), value: promoted }],
      });
      return version;
    });
  }

  /**
   * The version of a key, the newest when no id is given, as long as its file is as the store left it.
   * @throws S3Error NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker by its id), ServiceUnavailable while the file is being changed by hand
   */
  find(bucket: string, key: string, versionId?: string): Promise<ObjectVersion> {
    return this.exclusively(() => this.#find(bucket, key, versionId));
  }

  /** The same with its bytes, opened; the caller closes them. */
  read(bucket: string, key: string, versionId?: string): Promise<{ version: ObjectVersion; file: FileHandle }> {
    return this.exclusively(async () => {
      const version = await this.#find(bucket, key, versionId);
      const file = await this.files.read(version.at!);
      if (!file) throw noSuchKey();
      return { version, file };
    });
  }

  /** Replaces the tags of a version. The object, its time and its ETag stay. */
  retag(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Record<string, string>,
  ): Promise<ObjectVersion> {
    return this.exclusively(async () => {
      const version = { ...(await this.#find(bucket, key, versionId)), tags };
      await this.index.write([
        { table: 'versions', key: versionEntry(bucket, key, version.sequencer), value: version },
      ]);
      return version;
    });
  }

  async #find(bucket: string, key: string, versionId: string | undefined): Promise<ObjectVersion> {
    await this.bucket(bucket);
    const version =
      versionId === undefined ? await this.index.newest(bucket, key) : await this.index.version(bucket, key, versionId);
    if (!version) {
      if (versionId === undefined) throw noSuchKey();
      throw new S3Error('NoSuchVersion', 'The specified version does not exist.');
    }
    if (version.deleteMarker) {
      const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
      if (versionId === undefined) throw noSuchKey(headers);
      throw new S3Error('MethodNotAllowed', 'A delete marker has no content.', { headers });
    }
    if (this.#isIntact(version)) return version;
    this.#seenChanged(version.at!);
    if (!this.files.stamp(version.at!)) throw noSuchKey();
    throw new S3Error(
      'ServiceUnavailable',
      'The file of this object is being changed by hand. Try again in a moment.',
      {
        headers: { 'retry-after': '1' },
      },
    );
  }

  #newVersion(bucket: Bucket, key: string): Pick<ObjectVersion, 'key' | 'versionId' | 'sequencer' | 'modified'> {
    return {
      key,
      versionId: bucket.versioning === 'Enabled' ? randomBytes(24).toString('base64url') : 'null',
      sequencer: this.#log.nextSequencer(),
      modified: Date.now(),
    };
  }

  /** Where the newest bytes of a key lie: where they lay before, else at the key itself, else under an escaped name. */
  async #placeOf(bucket: string, key: string, newest: ObjectVersion | undefined): Promise<Location> {
    const paths = [plainPath(key), escapedPath(key)].filter((path) => path !== undefined);
    const places: Location[] = paths.map((path) => ({ area: 'buckets', path: `${bucket}/${path}` }));
    if (newest?.at?.area === 'buckets') places.unshift(newest.at);
    for (const place of places) {
      if (await this.files.canHold(place)) return place;
    }
    throw new S3Error(
      'InvalidRequest',
      'Something else lies in the bucket folder where this object would be. Move it away.',
    );
  }

  /**
   * Puts a version before the newest. A version that is no longer the newest is kept where the bucket keeps versions, unless its bytes are gone
   * already because somebody changed the file by hand; the version without an id is replaced by its like.
   */
  async #supersede(
    newest: ObjectVersion | undefined,
    happened: Omit<Happened, 'sequencer'>,
    place?: PendingChange['place'],
  ): Promise<void> {
    const { bucket, version } = happened;
    const entry = (of: ObjectVersion) => versionEntry(bucket, of.key, of.sequencer);
    const writes: Write[] = [{ table: 'versions', key: entry(version), value: version }];
    const drop: Location[] = [];
    let keep: PendingChange['keep'];
    const replaced = newest && version.versionId === 'null' ? await this.#withoutId(bucket, newest) : undefined;
    if (replaced) {
      writes.push({ table: 'versions', key: entry(replaced) });
      if (!sameLocation(replaced.at, version.at)) drop.push(...this.#present(replaced.at));
    }
    if (newest?.at && newest.sequencer !== replaced?.sequencer) {
      if (this.#isIntact(newest)) {
        const { stamp: _, ...unchanged } = newest;
        keep = { from: newest.at, to: this.files.kept(newest.sequencer) };
        writes.push({ table: 'versions', key: entry(newest), value: { ...unchanged, at: keep.to } });
        if (!sameLocation(newest.at, version.at)) drop.push(newest.at);
      } else {
        writes.push({ table: 'versions', key: entry(newest) });
      }
    }
    await this.#log.commit(
      { ...(keep && { keep }), ...(place && { place }), drop, writes },
      { ...happened, sequencer: version.sequencer },
    );
  }

  /** Whether the file of a version is as the store left it. Nobody but the store touches one outside the bucket's folder. */
  #isIntact({ at, stamp }: ObjectVersion): boolean {
    const found = stamp && this.files.stamp(at!);
    return stamp === undefined || (found !== undefined && sameStamp(found, stamp));
  }

  /** The location, if there is a file: one that comes only now, put there by hand, must not be dropped. */
  #present(at: Location | undefined): Location[] {
    return at && this.files.stamp(at) ? [at] : [];
  }

  async #withoutId(bucket: string, newest: ObjectVersion): Promise<ObjectVersion | undefined> {
    return newest.versionId === 'null' ? newest : this.index.version(bucket, newest.key, 'null');
  }

  #erase(bucket: string, version: ObjectVersion, { writes = [], ...change }: Partial<PendingChange>): Promise<void> {
    const entry = { table: 'versions', key: versionEntry(bucket, version.key, version.sequencer) } as const;
    return this.#log.commit(
      { ...change, writes: [...writes, entry] },
      { name: 'ObjectRemoved:Delete', bucket, version, sequencer: this.#log.nextSequencer() },
    );
  }
}

function noSuchKey(headers: Record<string, string> = {}): S3Error {
  return new S3Error('NoSuchKey', 'The specified key does not exist.', { headers });
}
