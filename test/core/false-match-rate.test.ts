import { describe, expect, it } from 'vitest';
import { catalog } from '../../layers/models/catalog.ts';
import { atFalseMatchRate } from '../../lib/core/false-match-rate.ts';
import { thresholdOf } from '../../lib/vision/similarity.ts';

const { card } = catalog.mobilefacenet;

describe('a card at a false match rate', () => {
  it('has its threshold at the distance of that rate', () => {
    expect(thresholdOf(atFalseMatchRate(card, 1e-5))).toBe(0.8996);
    expect(thresholdOf(atFalseMatchRate(card, 1e-3))).toBe(thresholdOf(card));
  });

  it('is refused where the embedder is not calibrated', () => {
    expect(() => atFalseMatchRate(card, 2e-3)).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONFIG',
        message: expect.stringMatching(/0\.01, 0\.001, .*received 0\.002/),
      }),
    );
  });
});
