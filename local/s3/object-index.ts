import { ClassicLevel } from 'classic-level';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from './checksums.ts';
import type { FileStamp, Location } from './data-files.ts';
import type { S3EventRecord } from './notifications.ts';

/** One version of an object. A key's versions lie together, the newest first; the newest is what a plain GET sees. */
export interface ObjectVersion {
  readonly key: string;
  /** `null` (the word) when the bucket does not keep versions. */
  readonly versionId: string;
  /** 16 hexadecimal digits; grows with every change in the store. */
  readonly sequencer: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Set when this version says that the object is removed; it has no bytes then. */
  readonly deleteMarker?: true;
  /** Where its bytes are; absent in a delete marker. */
  readonly at?: Location;
  /** The file in the bucket's folder as the store last saw it; absent when the bytes are kept elsewhere. */
  readonly stamp?: FileStamp;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  /** MD5 of the bytes in hexadecimal, also where the ETag is that of a multipart upload. */
  readonly md5: string;
  /** Content-Type and its like, and x-amz-meta-*, as they were sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  /** Bytes of each part of a multipart upload. */
  readonly partSizes?: readonly number[];
}

export interface CorsRule {
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAge?: number;
}

export interface Bucket {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Absent until versioning is first enabled. */
  readonly versioning?: 'Enabled' | 'Suspended';
  readonly cors?: readonly CorsRule[];
  /** The notification configuration as it was put, in XML. */
  readonly notification?: string;
}

export interface Upload {
  readonly uploadId: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly initiated: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly type: ChecksumType };
}

export interface Part {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly at: Location;
  readonly checksum?: Checksum;
}

/** A change of the index that waits for its files: what to do to them, in this order, and what to write when they are done. Doing it twice is harmless. */
export interface PendingChange {
  readonly keep?: { readonly from: Location; readonly to: Location };
  readonly place?: { readonly from: Location; readonly to: Location };
  readonly drop: readonly Location[];
  readonly writes: readonly Write[];
}

interface Tables {
  buckets: Bucket;
  versions: ObjectVersion;
  uploads: Upload;
  parts: Part;
  pending: PendingChange;
  outbox: S3EventRecord;
  sequencer: string;
}
type Table = keyof Tables;
/** One write of a batch; the value is absent when the entry goes. */
export interface Write {
  readonly table: Table;
  readonly key: string;
  readonly value?: Tables[Table];
}

/**
 * What is known of the objects beside their bytes, ordered by key as S3 lists them (bytes of UTF-8), on disk in LevelDB: a batch is written
 * whole or not at all, and memory does not grow with the number of objects.
 */
export class ObjectIndex {
  readonly #level: ClassicLevel;
  readonly #tables: { [T in Table]: ReturnType<typeof tableOf<Tables[T]>> };

  constructor(folder: string) {
    const level = new ClassicLevel(folder);
    this.#level = level;
    this.#tables = {
      buckets: tableOf(level, 'buckets'),
      versions: tableOf(level, 'versions'),
      uploads: tableOf(level, 'uploads'),
      parts: tableOf(level, 'parts'),
      pending: tableOf(level, 'pending'),
      outbox: tableOf(level, 'outbox'),
      sequencer: tableOf(level, 'sequencer'),
    };
  }

  open(): Promise<void> {
    return this.#level.open();
  }

  close(): Promise<void> {
    return this.#level.close();
  }

  get<T extends Table>(table: T, key: string): Promise<Tables[T] | undefined> {
    return this.#tables[table].get(key) as Promise<Tables[T] | undefined>;
  }

  write(writes: readonly Write[]): Promise<void> {
    return this.#level.batch<string, Tables[Table]>(
      writes.map(({ table, key, value }) => {
        const sublevel = this.#tables[table];
        return value === undefined ? { type: 'del', sublevel, key } : { type: 'put', sublevel, key, value };
      }),
      {},
    );
  }

  /** The entries of a table whose key starts with a prefix, in order, from `from` on (a whole key of the table). */
  async *scan<T extends Table>(table: T, prefix: string, from: string = prefix): AsyncGenerator<Tables[T]> {
    for await (const [key, value] of this.#tables[table].iterator({ gte: from > prefix ? from : prefix })) {
      if (!key.startsWith(prefix)) return;
      yield value as Tables[T];
    }
  }

  /** The first entry of a table whose key starts with a prefix, from `from` on. */
  async first<T extends Table>(table: T, prefix: string, from: string = prefix): Promise<Tables[T] | undefined> {
    const [entry] = await this.#tables[table].iterator({ gte: from, limit: 1 }).all();
    return entry?.[0].startsWith(prefix) ? (entry[1] as Tables[T]) : undefined;
  }

  /** The newest version of a key, which may be a delete marker. */
  newest(bucket: string, key: string): Promise<ObjectVersion | undefined> {
    return this.first('versions', versionsOf(bucket, key));
  }

  /** The version of a key with this id. */
  async version(bucket: string, key: string, versionId: string): Promise<ObjectVersion | undefined> {
    for await (const version of this.scan('versions', versionsOf(bucket, key))) {
      if (version.versionId === versionId) return version;
    }
    return undefined;
  }
}

function tableOf<V>(level: ClassicLevel, name: string) {
  return level.sublevel<string, V>(name, { keyEncoding: 'utf8', valueEncoding: 'json' });
}

/** The prefix of a bucket's versions and uploads. No bucket's name has a slash in it. */
export function entriesOf(bucket: string): string {
  return `${bucket}/`;
}

/** The prefix of a key's versions. No key has a NUL in it, so that `a` sorts before `a/b`, all versions of it. */
export function versionsOf(bucket: string, key: string): string {
  return `${entriesOf(bucket)}${key}\0`;
}

/** Where a version stands: the later its sequencer, the earlier its place. */
export function versionEntry(bucket: string, key: string, sequencer: string): string {
  const inverted = 0xffff_ffff_ffff_ffffn - BigInt(`0x${sequencer}`);
  return versionsOf(bucket, key) + inverted.toString(16).padStart(16, '0');
}

/** Where a multipart upload stands. */
export function uploadEntry(bucket: string, key: string, uploadId: string): string {
  return versionsOf(bucket, key) + uploadId;
}

/** The prefix of an upload's parts. */
export function partsOf(uploadId: string): string {
  return `${uploadId}/`;
}

/** Where a part stands, in the order of the part numbers (1 to 10,000). */
export function partEntry(uploadId: string, number: number): string {
  return partsOf(uploadId) + String(number).padStart(5, '0');
}
