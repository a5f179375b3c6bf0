import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meaningOfKey, personPrefix, photosPrefix } from '../../lib/core/keys.ts';

describe('what a key asks for', () => {
  it.each([
    ['people/alice/a.jpg', { kind: 'enrol', collection: 'main', person: 'alice' }],
    ['people/alice/2024/spring/a.jpg', { kind: 'enrol', collection: 'main', person: 'alice' }],
    ["people/Zoë O'Hara + 李 雷/a b.jpg", { kind: 'enrol', collection: 'main', person: "Zoë O'Hara + 李 雷" }],
    ['photos/a.jpg', { kind: 'photo', collection: 'main' }],
    ['photos/2024/party/a.jpg', { kind: 'photo', collection: 'main' }],
    ['collections/staff/people/bob/b.jpg', { kind: 'enrol', collection: 'staff', person: 'bob' }],
    ['collections/staff/photos/b.jpg', { kind: 'photo', collection: 'staff' }],
    ['photos/', { kind: 'folder', collection: 'main' }],
    ['people/alice/', { kind: 'folder', collection: 'main' }],
    ['people/a.jpg', { kind: 'person-missing', collection: 'main' }],
    ['people//a.jpg', { kind: 'person-missing', collection: 'main' }],
    ['thumbnails/a.jpg', { kind: 'other' }],
    ['photos', { kind: 'other' }],
    ['collections/photos/a.jpg', { kind: 'other' }],
    ['collections//photos/a.jpg', { kind: 'other' }],
  ])('%s', (key, meaning) => expect(meaningOfKey(key)).toEqual(meaning));

  it('finds every photo of a person under the prefix of the person', () => {
    const name = fc.string({ minLength: 1 }).filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(name, name, name, (collection, person, file) => {
        const key = `${personPrefix(collection, person)}${file}`;
        expect(meaningOfKey(key)).toEqual({ kind: 'enrol', collection, person });
        expect(meaningOfKey(`${photosPrefix(collection)}${file}`)).toEqual({ kind: 'photo', collection });
      }),
    );
  });
});
