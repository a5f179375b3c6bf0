import { mkdir, rmdir } from 'node:fs/promises';
import { failedWith } from '../../lib/adapters/files.ts';
import type { Location } from './data-files.ts';
import { S3Error } from './errors.ts';
import { type Bucket, entriesOf } from './object-index.ts';
import type { ObjectStore } from './object-store.ts';

/** S3's rule of a bucket's name; such a name is also a safe name of a folder. */
const bucketName = /^(?!xn--)(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Makes a bucket and its folder. A folder of that name that is there already becomes the bucket, with all that lies in it.
 * @throws S3Error InvalidBucketName
 */
export async function createBucket(store: ObjectStore, name: string): Promise<'created' | 'exists'> {
  if (!bucketName.test(name)) {
    throw new S3Error(
      'InvalidBucketName',
      'Expected 3 to 63 lower-case letters, digits, dots and hyphens as the name of the bucket.',
    );
  }
  return store.exclusively(async () => {
    await mkdir(store.files.absolute(folderOf(name)), { recursive: true });
    if (await store.index.get('buckets', name)) return 'exists';
    await store.index.write([{ table: 'buckets', key: name, value: { name, created: Date.now() } }]);
    return 'created';
  });
}

/** Removes a bucket that has no objects, versions or uploads. @throws S3Error NoSuchBucket, BucketNotEmpty */
export async function deleteBucket(store: ObjectStore, name: string): Promise<void> {
  await store.exclusively(async () => {
    await store.bucket(name);
    const used =
      (await store.index.first('versions', entriesOf(name))) ?? (await store.index.first('uploads', entriesOf(name)));
    if (used) throw notEmpty('objects, versions of objects, or unfinished uploads');
    try {
      await rmdir(store.files.absolute(folderOf(name)));
    } catch (error) {
      if (failedWith(error, 'ENOTEMPTY', 'EEXIST')) throw notEmpty('files');
      if (!failedWith(error, 'ENOENT')) throw error;
    }
    await store.index.write([{ table: 'buckets', key: name }]);
  });
}

/** Changes a bucket's settings. @throws S3Error NoSuchBucket */
export async function changeBucket(
  store: ObjectStore,
  name: string,
  change: (bucket: Bucket) => Bucket,
): Promise<void> {
  await store.exclusively(async () => {
    const value = change(await store.bucket(name));
    await store.index.write([{ table: 'buckets', key: name, value }]);
  });
}

function folderOf(name: string): Location {
  return { area: 'buckets', path: name };
}

function notEmpty(what: string): S3Error {
  return new S3Error(
    'BucketNotEmpty',
    `The bucket you tried to delete is not empty: its folder holds ${what}. Remove them first.`,
  );
}
