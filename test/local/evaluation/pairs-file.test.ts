import { describe, expect, it } from 'vitest';
import { photosOf, readPairs } from '../../../local/evaluation/pairs-file.ts';

const line = '1\ta/1.jpg\tb/1.jpg\t0';

describe('a file of pairs', () => {
  it('is read by the names of its columns, in any order and among others', () => {
    const pairs = readPairs('same\timage_a\tnote\timage_b\tfold\r\n1\ta/1.jpg\t\ta/2.jpg\t3\r\n\r\n');
    expect(pairs).toEqual([{ fold: '3', imageA: 'a/1.jpg', imageB: 'a/2.jpg', same: true }]);
  });

  it('names each photo once', () => {
    const pairs = readPairs(`fold\timage_a\timage_b\tsame\n${line}\n${line}`);
    expect(photosOf(pairs)).toEqual(['a/1.jpg', 'b/1.jpg']);
  });

  it.each([
    ['names the columns that are missing', `fold\timage_a\n${line}`, /missing: image_b, same/],
    ['names the line that does not fit', `fold\timage_a\timage_b\tsame\n${line}\n2\ta/1.jpg\tb/1.jpg\tno`, /in line 3/],
    ['takes no line without a photo', 'fold\timage_a\timage_b\tsame\n1\t\tb/1.jpg\t1', /in line 2/],
    ['expects pairs', 'fold\timage_a\timage_b\tsame\n', /received none/],
    ['takes no empty file', '', /missing: fold, image_a, image_b, same/],
  ])('%s', (_, text, message) => {
    expect(() => readPairs(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(message) }),
    );
  });
});
