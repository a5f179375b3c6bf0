import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../lib/core/errors.ts';
import { reportFailure } from '../../local/report-failure.ts';

let told: unknown[];
beforeEach(() => {
  told = [];
  vi.spyOn(console, 'error').mockImplementation((value) => void told.push(value));
});
afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

describe('what ended a command', () => {
  it('is told with all that caused it', () => {
    const cause = new Error('the middle', { cause: new Error('the root') });
    reportFailure(new UnavailableError('Try again.', { cause }));
    expect(told).toEqual(['UNAVAILABLE: Try again.\n  because: the middle\n  because: the root']);
    expect(process.exitCode).toBe(3);
  });

  it('is told without a stack where the machine refused', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
    const level = Object.assign(new Error('Database failed to open', { cause: full }), {
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
    reportFailure(level);
    expect(told).toEqual(['FAILED: Database failed to open\n  because: ENOSPC: no space left on device, write']);
    expect(process.exitCode).toBe(3);
  });

  it('is told by its name where a service of AWS refused', () => {
    reportFailure(new ResourceNotFoundException({ message: 'Cannot find it', $metadata: {} }));
    expect(told).toEqual(['ResourceNotFoundException: Cannot find it']);
    expect(process.exitCode).toBe(3);
  });

  it('is told with its stack where this program is to blame', () => {
    const error = new TypeError('x is not a function');
    reportFailure(error);
    expect(told).toEqual([error]);
    expect(process.exitCode).toBe(3);
  });
});
