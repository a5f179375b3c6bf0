import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { assignFaces } from '../../lib/core/assign-faces.ts';
import { faceIdOf, indexedImageIdOf } from '../../lib/core/ids.ts';
import { indexFaces } from '../../lib/core/index-faces.ts';
import { createPerson } from '../../lib/core/people.ts';
import { now, photoOf } from './fakes.ts';
import { dyingAnywhere, index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

const collection = 'main';
let pipeline: Pipeline;
beforeEach(() => {
  pipeline = new Pipeline();
});

describe('indexing a photo', () => {
  it('stores its faces, the largest first, and nothing of the photo', async () => {
    const photo = photoOf('10@30 90@40');

    const { indexed, ...answer } = await indexFaces(
      pipeline.ports(),
      { bytes: photo },
      { collection, externalImageId: 'badge 7' },
    );

    const imageId = indexedImageIdOf('main', createHash('sha256').update(photo).digest('hex'), 'badge 7');
    expect(answer).toEqual({ imageId, unindexed: [], width: 120, height: 60, model: 'plane' });
    expect(indexed.map(({ face }) => face.box.width)).toEqual([40, 30]);
    const [{ face, detected }] = indexed as [(typeof indexed)[0]];
    expect(pipeline.registry.faces.get(face.faceId)).toEqual(face);
    expect(face).toMatchObject({
      faceId: faceIdOf(imageId, '', detected.box),
      imageId,
      role: 'photo',
      externalImageId: 'badge 7',
      sequencer: now,
      quality: detected.quality,
      imageWidth: 120,
    });
    expect(face).not.toHaveProperty('source');
    expect(pipeline.registry.images.size).toBe(0);
  });

  it('again adds nothing, and shows what became of its faces', async () => {
    const [faceId] = await index(pipeline, '10@40 90@30');
    await createPerson(pipeline.registry, { collection, person: 'ann' });
    await assignFaces(pipeline.ports(), { collection, person: 'ann', faceIds: [faceId!] });
    pipeline.clock += 1000;

    const { indexed } = await indexFaces(pipeline.ports(), { bytes: photoOf('10@40 90@30') }, { collection });

    expect(indexed.map(({ face }) => [face.person, face.sequencer])).toEqual([
      ['ann', now],
      [undefined, now],
    ]);
    expect(pipeline.registry.faces.size).toBe(2);
  });

  it('is another image in another collection, under another name, and in one more byte', async () => {
    await pipeline.registry.createCollection('zoo');
    const imageIdOf = async (photo: string, collection: string, externalImageId?: string) =>
      (await indexFaces(pipeline.ports(), { bytes: photoOf(photo) }, { collection, externalImageId })).imageId;

    const ids = [
      await imageIdOf('10@40', 'main'),
      await imageIdOf('10@40', 'zoo'),
      await imageIdOf('10@40', 'main', 'x'),
      await imageIdOf('10@40 ', 'main'),
    ];

    expect(new Set(ids).size).toBe(4);
    expect(await imageIdOf('10@40', 'main', '')).toBe(ids[0]);
  });

  it('that lies in the bucket says where', async () => {
    pipeline.put('photos/a.jpg', '10@40');
    const source = { bucket: 'photos', key: 'photos/a.jpg' };

    const { indexed } = await indexFaces(pipeline.ports(), source, { collection });

    expect(indexed[0]?.face.source).toEqual(source);
    const gone = indexFaces(pipeline.ports(), { bucket: 'photos', key: 'photos/b.jpg' }, { collection });
    await expect(gone).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
  });

  it('stores as many as are asked for, the largest that are good enough, and says why not the others', async () => {
    const judge = ({ box }: { box: { width: number } }) => (box.width > 45 ? (['TOO_NEAR'] as const) : []);

    const { indexed, unindexed } = await indexFaces(
      pipeline.ports(),
      { bytes: photoOf('10@30 90@50 150@40 200@35') },
      { collection, maxFaces: 2, judge },
    );

    expect(indexed.map(({ detected }) => detected.box.width)).toEqual([40, 35]);
    expect(unindexed.map(({ detected, reasons }) => [detected.box.width, reasons])).toEqual([
      [50, ['TOO_NEAR']],
      [30, ['EXCEEDS_MAX_FACES']],
    ]);
    expect(pipeline.embedder.batches).toEqual([2]);
  });

  it('without a face stores none; without the collection it is refused', async () => {
    expect(await index(pipeline, 'a landscape')).toEqual([]);
    await expect(index(pipeline, '10@40', 'zoo')).rejects.toMatchObject({ code: 'COLLECTION_NOT_FOUND' });
    await expect(index(pipeline, '!')).rejects.toMatchObject({ code: 'CORRUPT_IMAGE' });
  });

  it('gives faces that came by another embedder the vector of this one', async () => {
    const [faceId] = await index(pipeline, '10@40');
    const known = pipeline.registry.faces.get(faceId!)!;
    pipeline.registry.faces.set(faceId!, { ...known, model: 'other' });

    await index(pipeline, '10@40');

    expect(pipeline.registry.faces.get(faceId!)).toMatchObject({ model: 'plane' });
  });

  it('that died anywhere is healed by repeating it', async () => {
    const { whole, died } = await dyingAnywhere(
      async () => new Pipeline(),
      (ports) => indexFaces(ports, { bytes: photoOf('10@40 90@30 150@20') }, { collection }),
    );

    expect(died).toHaveLength(3);
    for (const each of died) expect(new Map(each.registry.faces)).toEqual(new Map(whole.registry.faces));
  });
});
