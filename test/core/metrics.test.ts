import { expect, it } from 'vitest';
import { Pipeline } from './pipeline.ts';

it('counts photos, faces and names on the way', async () => {
  const pipeline = new Pipeline();

  await pipeline.follow(pipeline.put('people/alice/1.jpg', '10@40'));
  await pipeline.follow(pipeline.put('photos/party.jpg', '10@40 200@30'));
  await pipeline.follow(pipeline.put('people/bob/empty-file.jpg', ''));

  const { DetectDuration, EmbedDuration, ...counts } = pipeline.metrics.sums;
  expect(counts).toEqual({
    PhotosSearched: 2,
    PhotosRejected: 1,
    FacesFound: 3,
    FacesEmbedded: 3,
    FacesNamed: 1,
    FacesUnknown: 1,
  });
  expect(DetectDuration).toBeGreaterThan(0);
  expect(EmbedDuration).toBeGreaterThan(0);
});
