import { entriesOf, type ObjectIndex, type ObjectVersion, versionEntry } from './object-index.ts';

/** What a listing asks for. */
export interface ListingQuery {
  readonly prefix: string;
  /** Keys are rolled up behind the first of these after the prefix; empty for none. */
  readonly delimiter: string;
  /** The name (key or common prefix) up to which an earlier page went; empty from the start. */
  readonly after: string;
  /** The version of the key `after` up to which an earlier page went; absent for all of that key. */
  readonly afterVersion?: string | undefined;
  /** Names on a page. */
  readonly limit: number;
}

/** A name on a page: a version, or a common prefix. */
export type Listed =
  | { readonly version: ObjectVersion; readonly isNewest: boolean }
  | { readonly version?: undefined; readonly prefix: string };

export interface Page {
  readonly items: readonly Listed[];
  /** Whether more follow. */
  readonly truncated: boolean;
}

/** Lists a bucket in the order of its keys' bytes: the live objects, or every version of every key, the newest first. */
export async function listPage(
  index: ObjectIndex,
  bucket: string,
  kind: 'live' | 'versions',
  query: ListingQuery,
): Promise<Page> {
  const items: Listed[] = [];
  if (query.limit === 0) return { items, truncated: false };
  for await (const item of listed(index, bucket, kind, query)) {
    if (items.length === query.limit) return { items, truncated: true };
    items.push(item);
  }
  return { items, truncated: false };
}

async function* listed(
  index: ObjectIndex,
  bucket: string,
  kind: 'live' | 'versions',
  query: ListingQuery,
): AsyncGenerator<Listed> {
  let key = query.after;
  let from = query.after && (await startOf(index, bucket, query));
  for (let rolled: string | undefined = ''; rolled !== undefined; ) {
    rolled = undefined;
    for await (const version of index.scan('versions', entriesOf(bucket) + query.prefix, from)) {
      const isNewest = version.key !== key;
      key = version.key;
      if (kind === 'live' && (!isNewest || version.deleteMarker)) continue;
      rolled = commonPrefix(version.key, query);
      if (rolled !== undefined) break;
      yield { version, isNewest };
    }
    if (rolled === undefined) return;
    yield { prefix: rolled };
    from = behind(bucket, rolled);
  }
}

/** The place in the index from which a page goes on. */
async function startOf(index: ObjectIndex, bucket: string, query: ListingQuery): Promise<string> {
  if (commonPrefix(query.after, query) === query.after) return behind(bucket, query.after);
  const version =
    query.afterVersion === undefined ? undefined : await index.version(bucket, query.after, query.afterVersion);
  return version ? `${versionEntry(bucket, version.key, version.sequencer)}\0` : behind(bucket, `${query.after}\0`);
}

/** The place in the index behind all keys that start so; no key has this character. */
function behind(bucket: string, start: string): string {
  return `${entriesOf(bucket)}${start}\u{10ffff}`;
}

function commonPrefix(key: string, { prefix, delimiter }: ListingQuery): string | undefined {
  const at = delimiter === '' || !key.startsWith(prefix) ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
