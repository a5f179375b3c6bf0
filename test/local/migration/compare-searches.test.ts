import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../local/migration/compare-searches.ts';

describe('the agreement of two services', () => {
  it('counts by the most similar photo, and by all that was found', () => {
    const agreement = agreementOf([
      { key: 'a', from: ['x', 'y'], to: ['x'] },
      { key: 'b', from: ['x'], to: ['y', 'x'] },
      { key: 'c', from: [], to: [] },
      { key: 'd', from: ['x'], to: [] },
      { key: 'e', from: undefined, to: ['x'] },
      { key: 'no face', from: undefined, to: undefined },
    ]);

    expect(agreement).toEqual({
      photos: 5,
      same: 2,
      different: 1,
      onlyFrom: 1,
      onlyTo: 1,
      overlap: (0.5 + 0.5 + 1) / 5,
    });
  });

  it('is whole where nothing was searched', () => {
    expect(agreementOf([])).toMatchObject({ photos: 0, overlap: 1 });
  });
});
