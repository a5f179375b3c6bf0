import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectChangesOf } from '../../lib/core/object-changes.ts';

const body = (eventName: string, object: object) =>
  JSON.stringify({ Records: [{ eventName, s3: { bucket: { name: 'photos' }, object } }] });

describe('reading the notifications of a bucket', () => {
  it('decodes a key in which a plus is a space', () => {
    const [change] = objectChangesOf(
      body('ObjectCreated:Put', { key: 'photos/a+b%2Bc%C3%A9%22.jpg', sequencer: '0A' }),
    );
    expect(change?.source.key).toBe('photos/a b+cé".jpg');
  });

  it('gives back any key that was encoded as the bucket encodes it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        const encoded = encodeURIComponent(key).replaceAll('%20', '+');
        expect(objectChangesOf(body('ObjectCreated:Put', { key: encoded, sequencer: '0A' }))[0]?.source.key).toBe(key);
      }),
    );
  });

  it('orders sequencers of different lengths as text', () => {
    const sequencer = (text: string) =>
      objectChangesOf(body('ObjectCreated:Put', { key: 'k', sequencer: text }))[0]!.sequencer;
    expect(sequencer('0055AED6DCD90281E5') < sequencer('0055aed6dcd90281e6')).toBe(true);
    expect(sequencer('0055AE') < sequencer('0055AE01')).toBe(true);
  });

  it('tells a deleted version from a deleted object', () => {
    const kind = (name: string, object: object) =>
      objectChangesOf(body(name, { key: 'k', sequencer: '1', ...object }))[0]?.kind;
    expect(kind('ObjectRemoved:Delete', {})).toBe('removed');
    expect(kind('ObjectRemoved:DeleteMarkerCreated', { versionId: 'marker' })).toBe('removed');
    expect(kind('ObjectRemoved:Delete', { versionId: 'old' })).toBe('version-removed');
  });

  it('takes what a lifecycle rule expires for what it is: gone, or one version of it', () => {
    const kind = (how: string, object: object) =>
      objectChangesOf(body(`LifecycleExpiration:${how}`, { key: 'k', sequencer: '1', ...object }))[0]?.kind;
    expect(kind('Delete', {})).toBe('removed');
    expect(kind('DeleteMarkerCreated', { versionId: 'marker' })).toBe('removed');
    expect(kind('Delete', { versionId: 'old' })).toBe('version-removed');
  });

  it('takes the test event of a new notification for nothing', () => {
    expect(objectChangesOf(JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'photos' }))).toEqual(
      [],
    );
  });

  it('leaves events of other kinds alone', () => {
    expect(objectChangesOf(body('ObjectTagging:Put', { key: 'k', sequencer: '1' }))).toEqual([]);
  });

  it.each(['', 'no json', '{}', '{"Records":[{}]}', 'null'])('refuses %j as no notification', (text) => {
    expect(() => objectChangesOf(text)).toThrow(expect.objectContaining({ code: 'INVALID_MESSAGE' }));
  });

  it.each(['people/Ann/1.jpg', '{"Records":[{"s3":"people/Ann/1.jpg"}]}'])(
    'quotes nothing of what it refuses, not even in the cause, which goes to the log: %s',
    (text) => {
      const silent = expect.objectContaining({ message: expect.not.stringContaining('Ann') });
      expect(() => objectChangesOf(text)).toThrow(expect.objectContaining({ cause: silent }));
    },
  );

  it('refuses a key that is not URL-encoded rather than crash on it', () => {
    expect(() => objectChangesOf(body('ObjectCreated:Put', { key: 'photos/100%.jpg', sequencer: '1' }))).toThrow(
      expect.objectContaining({ code: 'INVALID_MESSAGE' }),
    );
  });
});

describe('reading the events of a bucket that come by EventBridge', () => {
  /** As S3's user guide shows them; what is not read is left out. */
  const event = (type: string, object: object, detail: object = {}) =>
    JSON.stringify({
      version: '0',
      source: 'aws.s3',
      'detail-type': type,
      detail: {
        version: '0',
        bucket: { name: 'mine' },
        object: { sequencer: '617f08299329d189', ...object },
        ...detail,
      },
    });

  it('reads a new object, whose key is not encoded', () => {
    const object = { key: 'photos/a b+100%.jpg', size: 5, etag: 'b1946ac9', 'version-id': 'v1' };

    expect(objectChangesOf(event('Object Created', object, { reason: 'PutObject' }))).toEqual([
      {
        kind: 'created',
        source: { bucket: 'mine', key: 'photos/a b+100%.jpg', versionId: 'v1' },
        sequencer: '617F08299329D1890000000000000000',
        size: 5,
        eTag: 'b1946ac9',
      },
    ]);
  });

  it.each([
    ['Permanently Deleted', undefined, 'removed'],
    ['Permanently Deleted', 'old', 'version-removed'],
    ['Delete Marker Created', 'marker', 'removed'],
  ])('reads a deletion (%s, version %s) as %s', (type, version, kind) => {
    const object = { key: 'photos/a.jpg', ...(version && { 'version-id': version }) };

    expect(objectChangesOf(event('Object Deleted', object, { 'deletion-type': type }))).toMatchObject([{ kind }]);
  });
});
