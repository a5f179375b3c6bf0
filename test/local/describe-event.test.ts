import { expect, it } from 'vitest';
import { describeEvent, describeIdentity } from '../../local/describe-event.ts';

const id = '5f0c4a36-6a0e-5d0f-9d57-6c3f2b1a0e9d';

it('says who a face is, and who else it could be', () => {
  const ann = { person: 'Ann', similarity: 98.12 };
  expect(describeIdentity(null)).toBe('unknown');
  expect(describeIdentity({ ...ann, ambiguous: [] })).toBe('Ann (98.1)');
  expect(describeIdentity({ ...ann, ambiguous: [{ person: 'Bo', similarity: 97 }] })).toBe('Ann (98.1) or Bo (97.0)');
});

it('calls an image that has no key by its id', () => {
  const said = {
    version: '1',
    id,
    time: '2026-01-02T03:04:05.678Z',
    collection: 'main',
    image: { imageId: id },
  } as const;
  expect(describeEvent({ type: 'Faces Erased', detail: { ...said, reason: 'removed', faceIds: [id] } })).toBe(
    `erased     ${id}: 1 face (removed)`,
  );
});
