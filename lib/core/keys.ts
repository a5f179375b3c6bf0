/** The collection of keys that name none. */
export const defaultCollection = 'main';

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
