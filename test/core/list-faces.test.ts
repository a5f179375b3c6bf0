import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import { listFaces } from '../../lib/core/list-faces.ts';
import { createPerson } from '../../lib/core/people.ts';
import { index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const collection = 'main';
const unknownId = 'b4dfd7a2-3c3e-5b7e-9c0a-1f2e3d4c5b6a';
let pipeline: Pipeline;
/** The faces of a photo of three, the first of which is Ann's. */
let ids: string[];
beforeEach(async () => {
  pipeline = new Pipeline();
  ids = await index(pipeline, '10@50 100@40 200@30');
  await createPerson(pipeline.registry, { collection, person: 'ann' });
  await assignFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [ids[0]!] });
});

/** The pages of a list, face ids each. */
async function pages(filter: { person?: string; faceIds?: string[] }, limit: number): Promise<string[][]> {
  const found: string[][] = [];
  let after: string | undefined;
  do {
    const page = { limit, ...(after !== undefined && { after }) };
    const { items, next } = await listFaces(pipeline.registry, { collection, ...filter }, page);
    found.push(items.map(({ faceId }) => faceId));
    after = next;
  } while (after !== undefined);
  return found;
}

describe('listing faces', () => {
  it('pages through all of a collection', async () => {
    const found = await pages({}, 2);
    expect(found.map(({ length }) => length)).toEqual([2, 1]);
    expect(found.flat().sort()).toEqual([...ids].sort());
  });

  it('pages through some that are asked for, each once, and leaves out what is not there', async () => {
    const found = await pages({ faceIds: [ids[2]!, unknownId, ids[0]!, ids[2]!] }, 2);
    expect(found).toHaveLength(2);
    expect(found.flat().sort()).toEqual([ids[0], ids[2]].sort());
  });

  it('gives those that are somebody’s, and not those in which somebody was only recognised', async () => {
    await pipeline.follow(pipeline.put('photos/a.jpg', '11@40'));
    expect(await pages({ person: 'ann' }, 10)).toEqual([[ids[0]]]);
    expect(await pages({ person: 'ann', faceIds: ids }, 10)).toEqual([[ids[0]]]);
  });

  it('refuses an unknown person, an unknown collection, and a place in another list', async () => {
    const { registry } = pipeline;
    const list = (filter: object, after?: string) =>
      listFaces(registry, { collection, ...filter }, { limit: 1, ...(after !== undefined && { after }) });
    await expect(list({ person: 'bill' })).rejects.toMatchObject({ code: 'PERSON_NOT_FOUND' });
    await expect(list({ collection: 'none' })).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
    await expect(list({ faceIds: ids }, unknownId)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
