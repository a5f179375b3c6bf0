import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pyramidStrips } from '../../lib/vision/pyramid.ts';
import { noise, pooledValue } from './adaptive-pooling.ts';

test('strips put together are the levels, and share the rows they should', () => {
  const settings = fc.record({
    pixels: fc.integer({ min: 1, max: 600 }),
    leastRows: fc.constantFrom(12, 16, 32),
    overlap: fc.constantFrom(2, 6, 10),
  });
  const scales = fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(noise(60, 40), scales, settings, (photo, scales, settings) => {
      const window = { left: 0, top: 0, width: photo.width, height: photo.height };
      const ends = scales.map(() => 0);
      let furthest = 0;

      for (const { level, top, rows, columns, input } of pyramidStrips(photo, scales, settings)) {
        const levelRows = Math.floor(photo.height * scales[level]! + 1);
        expect(columns).toBe(Math.floor(photo.width * scales[level]! + 1));
        expect(top).toBe(Math.max(0, ends[level]! - settings.overlap));
        expect(top % 2).toBe(0);
        expect(input).toHaveLength(3 * rows * columns);
        ends[level] = top + rows;
        for (let i = 0; i < input.length; i++) {
          const [channel, row, column] = [Math.floor(i / rows / columns), Math.floor(i / columns) % rows, i % columns];
          const expected = pooledValue(photo, window, [levelRows, columns], [channel, top + row, column]);
          furthest = Math.max(furthest, Math.abs(input[i]! - expected));
        }
      }

      expect(ends).toEqual(scales.map((scale) => Math.floor(photo.height * scale + 1)));
      expect(furthest).toBeLessThan(1e-6);
    }),
    { numRuns: 40 },
  );
});
