import { describe, expect, it } from 'vitest';
import { type AccessKey, issueKey, readAccessKeys, revokeKey, writeAccessKeys } from '../../lib/core/access-keys.ts';

const now = new Date('2026-11-25T12:00:00Z');
const later = new Date('2026-11-26T12:00:00Z');
const wanted = { name: 'kiosk', scopes: ['read', 'write'] as const };

/** As many keys as are asked for; those before `revoked` are revoked, one a minute. */
function issueMany(count: number, revoked = 0): readonly AccessKey[] {
  let keys: readonly AccessKey[] = [];
  for (let n = 0; n < count; n++) keys = issueKey(keys, { ...wanted, name: `key ${n}` }, now).keys;
  for (let n = 0; n < revoked; n++) keys = revokeKey(keys, keys[n]!.id, new Date(now.getTime() + n * 60_000));
  return keys;
}

describe('issueKey', () => {
  it('gives an id that clients of AWS take, and a secret of 240 random bits', () => {
    const { issued, keys } = issueKey([], { ...wanted, collections: ['team', 'team'] }, now);

    expect(issued.id).toMatch(/^FACE[A-Z2-7]{16}$/);
    expect(issued.secret).toMatch(/^[\w-]{40}$/);
    expect(keys).toEqual([
      {
        id: issued.id,
        secret: issued.secret,
        name: 'kiosk',
        scopes: ['read', 'write'],
        collections: ['team'],
        createdAt: '2026-11-25T12:00:00.000Z',
      },
    ]);
  });

  it('never gives the same twice', () => {
    const keys = issueMany(50);
    expect(new Set(keys.flatMap(({ id, secret }) => [id, secret])).size).toBe(100);
  });

  it.each(['', 'x'.repeat(65), 'two\nlines'])('refuses the name %j', (name) => {
    expect(() => issueKey([], { ...wanted, name }, now)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it('lets those go that were revoked first when there are 200, and refuses where none was', () => {
    const keys = issueMany(200, 2);
    const [first, second] = keys;

    const more = issueKey(keys, wanted, later).keys;

    expect(more).toHaveLength(200);
    expect(more).not.toContainEqual(first);
    expect(more).toContainEqual(second);
    expect(() => issueKey(issueMany(200), wanted, later)).toThrow(/Revoke those/);
  });
});

describe('revokeKey', () => {
  it('takes the secret away and says since when; the other keys stay as they are', () => {
    const [one, two] = issueMany(2);
    const [revoked, kept] = revokeKey([one!, two!], one!.id, later);

    expect(revoked).not.toHaveProperty('secret');
    expect(revoked).toMatchObject({ id: one!.id, name: one!.name, revokedAt: later.toISOString() });
    expect(kept).toEqual(two);
    expect(revokeKey([revoked!], one!.id, new Date())).toEqual([revoked]);
  });

  it('refuses an id that was never issued', () => {
    expect(() => revokeKey(issueMany(1), 'FACEAAAAAAAAAAAAAAAA', now)).toThrow(/facenet keys list/);
  });
});

describe('the document of the keys', () => {
  it('comes back as it was written', () => {
    const keys = issueMany(3, 1);
    expect(readAccessKeys(writeAccessKeys(keys), 'here')).toEqual(keys);
  });

  it.each([
    '',
    '{',
    '[]',
    '{"version":2,"keys":[]}',
    '{"version":1,"keys":[{"id":"FACEAAAAAAAAAAAAAAAA","secret":"a-secret-that-is-told-nobody"}]}',
    '{"version":1,"keys":[],"more":1}',
  ])('that is damaged is refused, and nothing of it is told: %s', (text) => {
    const read = () => readAccessKeys(text, 'keys.json');
    expect(read).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringContaining('keys.json') }),
    );
    expect(read).not.toThrow(/told-nobody/);
  });
});
