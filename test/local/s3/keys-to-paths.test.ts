import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkKey, escapedPath, keyOfPath, plainPath } from '../../../local/s3/keys-to-paths.ts';

const awkward = fc.constantFrom(
  '/',
  '.',
  '..',
  '%',
  '%s3',
  '+',
  ' ',
  "'",
  '"',
  '\\',
  'é',
  'e\u0301',
  '日本',
  '~',
  '#',
  'A',
  'a',
  '😀',
);
const keys = fc
  .array(fc.oneof(awkward, fc.string({ unit: 'grapheme', maxLength: 8 })), { minLength: 1, maxLength: 20 })
  .map((pieces) => pieces.join(''))
  .filter((key) => isStorable(key));

function isStorable(key: string): boolean {
  try {
    checkKey(key);
    return Buffer.from(key).toString() === key;
  } catch {
    return false;
  }
}

describe('the path of a key', () => {
  test('leads back to the key, escaped or plain', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(keyOfPath(escapedPath(key))).toBe(key);
        const plain = plainPath(key);
        if (plain !== undefined) expect(keyOfPath(plain)).toBe(key);
      }),
    );
  });

  test('never leaves the folder, and has no name that a file system refuses', () => {
    fc.assert(
      fc.property(keys, (key) => {
        for (const path of [escapedPath(key), plainPath(key) ?? 'none']) {
          for (const name of path.split('/')) {
            expect(name).not.toMatch(/^\.{0,2}$|\\|\0/);
            expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
          }
        }
      }),
    );
  });

  test('is another for every key, also on a file system that folds case and Unicode forms', () => {
    const folded = (path: string) => path.normalize('NFC').toLowerCase();
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        fc.pre(a !== b);
        expect(folded(escapedPath(a))).not.toBe(folded(escapedPath(b)));
      }),
    );
    expect(folded(escapedPath('A'))).not.toBe(folded(escapedPath('a')));
    expect(folded(escapedPath('é'))).not.toBe(folded(escapedPath('e\u0301')));
  });

  test('can lie beside that of a longer key that starts with it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 100 }), (length, more) => {
        const short = escapedPath('a'.repeat(length));
        const long = escapedPath('a'.repeat(length + more));
        expect(long.startsWith(`${short}/`)).toBe(false);
      }),
    );
  });

  test.each(['a/b.jpg', 'people/Zoë 1/100%.jpg', 'a+b', '日本/x', '%s3.jpg'])('is the key itself: %s', (key) => {
    expect(plainPath(key)).toBe(key);
  });

  test.each(['/a', 'a/', 'a//b', '../a', 'a/../b', './a', '.hidden', 'a\\b', '%s3/a', 'x'.repeat(256), 'a.tmp'])(
    'is escaped: %s',
    (key) => {
      expect(plainPath(key)).toBeUndefined();
    },
  );

  test.each(['', 'a\nb', 'a\0', '\u{10ffff}'])('is refused: %j', (key) => {
    expect(() => checkKey(key)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  test('is refused for more than 1,024 bytes', () => {
    expect(() => checkKey('é'.repeat(513))).toThrow(expect.objectContaining({ code: 'KeyTooLongError' }));
  });
});

describe('the key of a path', () => {
  test.each([
    '.DS_Store',
    'a/.hidden/b',
    'photo.jpg~',
    'a/Thumbs.db',
    'x.crdownload',
    '%s3/%zz',
    '%s3/.DS_Store',
    '%s3/%61',
  ])('is none: %s', (path) => {
    expect(keyOfPath(path)).toBeUndefined();
  });
});
