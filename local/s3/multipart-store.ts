import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type Checksum, compositeChecksum } from './checksums.ts';
import type { Location } from './data-files.ts';
import { S3Error } from './errors.ts';
import { type Arrived, storeBytes } from './incoming-body.ts';
import { Mutex } from './mutex.ts';
import { type ObjectVersion, type Part, partEntry, partsOf, type Upload, uploadEntry } from './object-index.ts';
import type { ObjectStore, Precondition } from './object-store.ts';

/** S3's smallest part, but for the last, in bytes. */
const minPartBytes = 5 * 1024 * 1024;

/** A part as the client lists it when it completes an upload. */
export interface ListedPart {
  readonly number: number;
  /** Without quotes. */
  readonly etag: string;
}

/** Uploads that come in parts, until they are completed or aborted. */
export class MultipartStore {
  readonly #store: ObjectStore;
  readonly #maxBytes: number;
  readonly #endings = new Mutex();

  /** @param maxBytes of the object that the parts make */
  constructor(store: ObjectStore, maxBytes: number) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** Starts an upload. @throws S3Error NoSuchBucket */
  async create(bucket: string, draft: Omit<Upload, 'uploadId' | 'initiated'>): Promise<Upload> {
    await this.#store.bucket(bucket);
    const upload = { ...draft, uploadId: randomBytes(24).toString('base64url'), initiated: Date.now() };
    await this.#store.index.write([
      { table: 'uploads', key: uploadEntry(bucket, upload.key, upload.uploadId), value: upload },
    ]);
    return upload;
  }

  /** @throws S3Error NoSuchUpload */
  async get(bucket: string, key: string, uploadId: string): Promise<Upload> {
    const upload = await this.#store.index.get('uploads', uploadEntry(bucket, key, uploadId));
    if (upload) return upload;
    throw new S3Error('NoSuchUpload', 'The specified upload does not exist; it may have been completed or aborted.');
  }

  /** Takes a part up, instead of an earlier one of its number. @throws S3Error NoSuchUpload, InvalidRequest */
  async putPart(bucket: string, upload: Upload, number: number, arrived: Arrived): Promise<Part> {
    try {
      return await this.#store.exclusively(async () => {
        await this.get(bucket, upload.key, upload.uploadId);
        if (upload.checksum && arrived.checksum?.algorithm !== upload.checksum.algorithm) {
          throw new S3Error(
            'InvalidRequest',
            `Expected parts with the checksum that the upload was started with, ${upload.checksum.algorithm}.`,
          );
        }
        const { index, files } = this.#store;
        const entry = { table: 'parts', key: partEntry(upload.uploadId, number) } as const;
        const earlier = await index.get(entry.table, entry.key);
        const at: Location = { area: 'state', path: `uploads/${upload.uploadId}/${randomUUID()}` };
        const part: Part = {
          number,
          size: arrived.size,
          etag: arrived.md5,
          modified: Date.now(),
          at,
          ...(arrived.checksum && { checksum: arrived.checksum }),
        };
        await files.place(arrived.at, at);
        await index.write([{ ...entry, value: part }]);
        if (earlier) await files.drop(earlier.at);
        return part;
      });
    } finally {
      await this.#store.files.drop(arrived.at);
    }
  }

  /**
   * Makes the listed parts one object.
   * @throws S3Error NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, EntityTooLarge, BadDigest, or what the precondition throws
   */
  complete(
    bucket: string,
    { key, uploadId }: Pick<Upload, 'key' | 'uploadId'>,
    listed: readonly ListedPart[],
    expected: { readonly checksum?: string | undefined; readonly precondition?: Precondition },
  ): Promise<ObjectVersion> {
    return this.#endings.run(async () => {
      const upload = await this.get(bucket, key, uploadId);
      const parts = await this.#partsOf(uploadId, listed);
      const { type, algorithm } = upload.checksum ?? {};
      const whole = type === 'FULL_OBJECT' ? algorithm : undefined;
      const arrived = await storeBytes(this.#bytesOf(parts), this.#store.files, whole);
      const checksum =
        algorithm && type === 'COMPOSITE'
          ? await compositeChecksum(
              algorithm,
              parts.map((part) => part.checksum!),
            )
          : arrived.checksum;
      if (expected.checksum !== undefined && expected.checksum !== checksum?.value) {
        await this.#store.files.drop(arrived.at);
        throw badDigest(checksum);
      }
      const draft = {
        key,
        headers: upload.headers,
        tags: upload.tags,
        checksum,
        multipart: { etag: etagOf(parts), partSizes: parts.map((part) => part.size) },
      };
      const name = 'ObjectCreated:CompleteMultipartUpload';
      const version = await this.#store.put(bucket, draft, arrived, name, expected.precondition);
      await this.#forget(bucket, upload);
      return version;
    });
  }

  /** Gives an upload up, with its parts. @throws S3Error NoSuchUpload */
  abort(bucket: string, key: string, uploadId: string): Promise<void> {
    return this.#endings.run(async () => this.#forget(bucket, await this.get(bucket, key, uploadId)));
  }

  async #partsOf(uploadId: string, listed: readonly ListedPart[]): Promise<Part[]> {
    const parts: Part[] = [];
    let size = 0;
    for (const { number, etag } of listed) {
      if (number <= (parts.at(-1)?.number ?? 0)) {
        throw new S3Error('InvalidPartOrder', 'Expected the parts in ascending order of their numbers.');
      }
      const part = await this.#store.index.get('parts', partEntry(uploadId, number));
      if (part?.etag !== etag) throw invalidPart(number);
      const before = parts.at(-1);
      if (before && before.size < minPartBytes) {
        throw new S3Error(
          'EntityTooSmall',
          `Expected at least ${minPartBytes} bytes in every part but the last, received ${before.size} in part ${before.number}.`,
        );
      }
      size += part.size;
      parts.push(part);
    }
    if (size > this.#maxBytes) {
      throw new S3Error('EntityTooLarge', `Expected at most ${this.#maxBytes} bytes in all parts, received ${size}.`);
    }
    return parts;
  }

  async *#bytesOf(parts: readonly Part[]): AsyncGenerator<Buffer> {
    for (const part of parts) {
      const file = await this.#store.files.read(part.at);
      if (!file) throw invalidPart(part.number);
      yield* file.createReadStream();
    }
  }

  async #forget(bucket: string, { key, uploadId }: Upload): Promise<void> {
    await this.#store.exclusively(async () => {
      const { index, files } = this.#store;
      const parts: Part[] = [];
      for await (const part of index.scan('parts', partsOf(uploadId))) parts.push(part);
      await index.write([
        { table: 'uploads', key: uploadEntry(bucket, key, uploadId) },
        ...parts.map(({ number }) => ({ table: 'parts' as const, key: partEntry(uploadId, number) })),
      ]);
      await rm(files.absolute({ area: 'state', path: `uploads/${uploadId}` }), { recursive: true, force: true });
    });
  }
}

/** S3's ETag of a multipart upload: the MD5 of the MD5s of its parts, and their number. */
function etagOf(parts: readonly Part[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(etag, 'hex');
  return `${md5.digest('hex')}-${parts.length}`;
}

function invalidPart(number: number): S3Error {
  return new S3Error(
    'InvalidPart',
    `Part ${number} was not found, or its ETag is not the one listed. Upload it again.`,
  );
}

function badDigest(calculated: Checksum | undefined): S3Error {
  return new S3Error(
    'BadDigest',
    `The checksum that was sent does not match the parts: ${calculated?.value ?? 'none'} was calculated.`,
  );
}
