import { expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import { dismissPerson } from '../../lib/core/dismiss-person.ts';
import { createPerson } from '../../lib/core/people.ts';
import { dyingAnywhere, facesOf, index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const ann = { collection: 'main', person: 'ann' };

/** Ann, whom a photo in the bucket enrols and a face of another photo as well, and a photo in which she was recognised. */
async function withAnn(): Promise<Pipeline> {
  const pipeline = new Pipeline();
  await createPerson(pipeline.registry, ann);
  await pipeline.follow(pipeline.put('people/ann/1.jpg', '10@40'));
  await assignFaces(pipeline.ports(), { ...ann, faceIds: await index(pipeline, '11@40') });
  await pipeline.follow(pipeline.put('photos/a.jpg', '12@40'));
  await pipeline.told();
  return pipeline;
}

it('dismissing a person leaves the faces and the photos, and takes the name from all of them', async () => {
  const pipeline = await withAnn();
  const before = [...pipeline.registry.faces.keys()];

  await dismissPerson(pipeline.ports(), ann);

  const events = await pipeline.told();
  expect(await pipeline.registry.getPerson('main', 'ann')).toBeUndefined();
  expect(facesOf(pipeline, 'ann')).toBeUndefined();
  expect([...pipeline.registry.faces.keys()]).toEqual(before);
  expect([...pipeline.store.objects.keys()]).toEqual(['people/ann/1.jpg', 'photos/a.jpg']);
  const renamed = events.filter(({ type }) => type === 'Image Indexed');
  expect(renamed.at(-1)?.detail).toMatchObject({ faces: [{ identity: null }] });
});

it('dismissing a person can be repeated wherever it died', async () => {
  const { died } = await dyingAnywhere(withAnn, async (ports) => {
    // The one who is gone already was the last that was left to do.
    if (await ports.registry.getPerson('main', 'ann')) await dismissPerson(ports, ann);
  });

  expect(died.length).toBeGreaterThan(3);
  for (const pipeline of died) {
    expect(facesOf(pipeline, 'ann')).toBeUndefined();
    expect([...pipeline.registry.faces.values()].some(({ person }) => person !== undefined)).toBe(false);
  }
});

it('dismissing somebody unknown is PERSON_NOT_FOUND', async () => {
  await expect(dismissPerson(new Pipeline().ports(), ann)).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
});
