/** The collection of keys that name none. */
export const defaultCollection = 'main';

/** The longest key of an object, in bytes of UTF-8 (S3 user guide, "Naming Amazon S3 objects"). */
export const longestKey = 1024;
/** The longest names, in bytes of UTF-8: they leave room for the rest of the shortest key. So they fit into a key of the table, too. */
export const longestPerson = longestKey - 'people//x'.length;
export const longestCollection = longestKey - 'collections//photos/x'.length;

/** A UTF-16 surrogate without its other half, which UTF-8 cannot carry; S3, DynamoDB and file systems cannot carry NUL. */
const unstorable = /\p{Surrogate}|\0/u;

/** Whether bucket and table can carry a text as a key or a name of at most so many bytes. */
export function isStorable(text: string, longest: number): boolean {
  return Buffer.byteLength(text) <= longest && !unstorable.test(text);
}

/** What a key in the bucket asks for. */
export type KeyMeaning =
  /** The largest face in the photo is `person`. */
  | { readonly kind: 'enrol'; readonly collection: string; readonly person: string }
  /** Every face in the photo is indexed and identified. */
  | { readonly kind: 'photo'; readonly collection: string }
  /** An empty object that a console made to show a folder. */
  | { readonly kind: 'folder'; readonly collection: string }
  /** A photo directly in people/, so that nobody knows whose it is. */
  | { readonly kind: 'person-missing'; readonly collection: string }
  /** Not of this project; left alone. */
  | { readonly kind: 'other' };

/** Says what a (decoded) object key asks for: `[collections/<collection>/]people/<person>/<file>` or `[collections/<collection>/]photos/<anything>`. */
export function meaningOfKey(key: string): KeyMeaning {
  let segments = key.split('/');
  let collection = defaultCollection;
  if (segments[0] === 'collections') {
    if (segments.length < 3 || !segments[1]) return { kind: 'other' };
    collection = segments[1];
    segments = segments.slice(2);
  }
  const [root, ...rest] = segments;
  if ((root !== 'people' && root !== 'photos') || rest.length === 0) return { kind: 'other' };
  if (rest.at(-1) === '') return { kind: 'folder', collection };
  if (root === 'photos') return { kind: 'photo', collection };
  const person = rest[0];
  return rest.length < 2 || !person ? { kind: 'person-missing', collection } : { kind: 'enrol', collection, person };
}

/** The collection in which a key or the beginning of one lies, whatever it asks for; undefined where it is in none. */
export function collectionOfPath(path: string): string | undefined {
  if (/^(people|photos)\//.test(path)) return defaultCollection;
  return /^collections\/([^/]+)\//.exec(path)?.[1];
}

/** The folder that holds the folders of a collection's people, with its closing slash. */
export function peoplePrefix(collection: string): string {
  return `${collectionPrefix(collection)}people/`;
}

/** The folder that holds the photos which enrol a person, with its closing slash. */
export function personPrefix(collection: string, person: string): string {
  return `${peoplePrefix(collection)}${person}/`;
}

/** The folder that holds the photos of a collection to be indexed, with its closing slash. */
export function photosPrefix(collection: string): string {
  return `${collectionPrefix(collection)}photos/`;
}

function collectionPrefix(collection: string): string {
  return collection === defaultCollection ? '' : `collections/${collection}/`;
}
