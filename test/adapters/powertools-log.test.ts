import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLog } from '../../lib/adapters/powertools-log.ts';
import { ImageRejectedError, RequestError, UnavailableError } from '../../lib/core/errors.ts';

let lines: Record<string, unknown>[];

beforeEach(() => {
  lines = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => lines.push(JSON.parse(text.toString())) > 0);
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the log', () => {
  test('writes a JSON line with the service, the level and the details', () => {
    const log = createLog('detect');

    log.info('image detected', { imageId: 'i', milliseconds: 12, absent: undefined });
    log.warn('image late', { late: true });

    expect(lines).toMatchObject([
      { level: 'INFO', service: 'detect', message: 'image detected', imageId: 'i', milliseconds: 12 },
      { level: 'WARN', service: 'detect', message: 'image late', late: true },
    ]);
    expect(lines[0]).not.toHaveProperty('absent');
  });

  test('tells of an error its name, code, message, place and causes', () => {
    const cause = new UnavailableError('S3 is away', { cause: new TypeError('no socket') });

    createLog('detect').error('record failed', { messageId: 'm' }, cause);

    expect(lines).toMatchObject([
      {
        level: 'ERROR',
        message: 'record failed',
        messageId: 'm',
        error: {
          name: 'UnavailableError',
          code: 'UNAVAILABLE',
          message: 'S3 is away',
          stack: expect.arrayContaining([expect.stringContaining('powertools-log.test.ts')]),
          cause: { name: 'TypeError', message: 'no socket' },
        },
      },
    ]);
  });

  test('does not repeat what a caller sent, which can be a name', () => {
    const error = new ImageRejectedError('CORRUPT_IMAGE', 'cut off', {
      cause: new RequestError('PERSON_NOT_FOUND', 'nobody is called Ann'),
    });

    const denied = new RequestError('PHOTO_NOT_FOUND', 'may not be read', {
      cause: new TypeError('not authorized to perform s3:GetObject on arn:aws:s3:::photos/people/Ann/1.jpg'),
    });

    createLog('api').error('request failed', {}, error);
    createLog('api').error('request failed', {}, 'Ann');
    createLog('detect').error('record failed', {}, denied);

    expect(JSON.stringify(lines)).not.toContain('Ann');
    expect(lines).toMatchObject([
      { error: { code: 'CORRUPT_IMAGE', cause: { code: 'PERSON_NOT_FOUND' } } },
      { error: { type: 'string' } },
      { error: { code: 'PHOTO_NOT_FOUND', cause: { name: 'TypeError' } } },
    ]);
  });
});
