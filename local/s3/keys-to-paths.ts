import { S3Error } from './errors.ts';
import { isIgnoredName } from './ignored-names.ts';

/** The folder in a bucket's folder that holds the objects whose keys cannot be the path of a file. */
export const escapedFolder = '%s3';
/** S3's limit of a key, in bytes of UTF-8. */
const maxKeyBytes = 1024;
/** What common file systems (ext4, APFS, XFS) allow in one name, in bytes. */
const maxNameBytes = 255;
/** Characters in a piece of an escaped key; leaves room for the mark below the limit of a name. */
const pieceLength = 240;
/** Closes each piece but the last, so that a key can lie beside a longer one that starts with it. Never in an escaped key. */
const continued = '+';

/** Control characters and non-characters: XML cannot carry them, a file name should not, and a listing takes the last for what is behind every key. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unstorable = /[\u0000-\u001f\u007f\ufffe\uffff\u{10ffff}]/u;

/**
 * Refuses a key that this server does not store.
 * @throws S3Error KeyTooLongError for more than 1,024 bytes; InvalidArgument for an empty key or a control character
 */
export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) {
    throw new S3Error('KeyTooLongError', `Expected a key of at most ${maxKeyBytes} bytes of UTF-8. Shorten it.`);
  }
  if (key === '' || unstorable.test(key)) {
    throw new S3Error(
      'InvalidArgument',
      'Expected a key without control characters, and not empty. Rename the object.',
    );
  }
}

/** The path (in the bucket's folder, `/` between names) that is the key itself, or undefined when no file can be named so. */
export function plainPath(key: string): string | undefined {
  const names = key.split('/');
  return names[0] !== escapedFolder && names.every(isPlainName) ? key : undefined;
}

function isPlainName(name: string): boolean {
  return name !== '' && !name.includes('\\') && Buffer.byteLength(name) <= maxNameBytes && !isIgnoredName(name);
}

/**
 * The path for a key whose plain path is impossible or taken: one flat name under `%s3/`, cut into nested pieces when it is long.
 * Only lower-case letters, digits, `-` and `_` stand for themselves, so that two keys stay apart on a file system that folds case or Unicode forms.
 */
export function escapedPath(key: string): string {
  const escaped = Array.from(Buffer.from(key), escapeByte).join('');
  const pieces = escaped.match(new RegExp(`.{1,${pieceLength}}`, 'g'))!;
  return [escapedFolder, ...pieces.slice(0, -1).map((piece) => piece + continued), pieces.at(-1)].join('/');
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The key of the file at a path in the bucket's folder, or undefined when that file is no object: ignored, or in `%s3/` under a name that no key has. */
export function keyOfPath(path: string): string | undefined {
  const names = path.split('/');
  if (names[0] !== escapedFolder) return names.some(isIgnoredName) ? undefined : path;
  const escaped = names.slice(1).join('').replaceAll(continued, '');
  const bytes = escaped.replace(/%([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const key = Buffer.from(bytes, 'latin1').toString();
  return key !== '' && escapedPath(key) === path ? key : undefined;
}
