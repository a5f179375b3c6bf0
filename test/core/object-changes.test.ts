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

  it('refuses a key that is not URL-encoded rather than crash on it', () => {
    expect(() => objectChangesOf(body('ObjectCreated:Put', { key: 'photos/100%.jpg', sequencer: '1' }))).toThrow(
      expect.objectContaining({ code: 'INVALID_MESSAGE' }),
    );
  });
});
