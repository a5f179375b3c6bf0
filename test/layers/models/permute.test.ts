import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permute } from '../../../layers/models/permute.ts';

describe('permute', () => {
  it('turns rows × columns × in × out into out × in × rows × columns', () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);

    const { shape, data: permuted } = permute({ shape: [1, 2, 3, 2], data }, [3, 2, 0, 1]);

    expect(shape).toEqual([2, 3, 1, 2]);
    expect([...permuted]).toEqual([0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11]);
  });

  it('is undone by the inverse order', () => {
    const sides = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
    const cases = sides.chain((shape) =>
      fc.tuple(fc.constant(shape), fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
    );
    fc.assert(
      fc.property(cases, ([shape, order]) => {
        const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
        const inverse = order.map((_, axis) => order.indexOf(axis));
        expect(permute(permute({ shape, data }, order), inverse)).toEqual({ shape, data });
      }),
    );
  });
});
