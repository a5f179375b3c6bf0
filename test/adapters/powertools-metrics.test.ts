import { afterEach, expect, it, vi } from 'vitest';
import { createMetrics } from '../../lib/adapters/powertools-metrics.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs with a standard output that is caught; Powertools has a console of its own. */
function printedBy(act: () => void): unknown[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  act();
  return lines.map((line) => JSON.parse(line));
}

it('prints what belongs together as one line of the embedded metric format', () => {
  const metrics = createMetrics('detect', 'Facenet/Test');

  const printed = printedBy(() => metrics.add({ PhotosSearched: 1, DetectDuration: 12.5 }));

  expect(printed).toMatchObject([
    {
      service: 'detect',
      PhotosSearched: 1,
      DetectDuration: 12.5,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: 'Facenet/Test',
            Dimensions: [['service']],
            Metrics: [
              { Name: 'PhotosSearched', Unit: 'Count' },
              { Name: 'DetectDuration', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
    },
  ]);
});

it('begins anew with the next line', () => {
  const metrics = createMetrics('detect', 'Facenet/Test');

  const printed = printedBy(() => {
    metrics.add({ PhotosSearched: 1 });
    metrics.add({ PhotosSearched: 1 });
  });

  expect(printed).toMatchObject([{ PhotosSearched: 1 }, { PhotosSearched: 1 }]);
});

it('counts nothing without a namespace', () => {
  expect(printedBy(() => createMetrics('detect', undefined).add({ PhotosSearched: 1 }))).toEqual([]);
});
