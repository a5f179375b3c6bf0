import { beforeEach, describe, expect, it } from 'vitest';
import { indexFaces } from '../../lib/core/index-faces.ts';
import { type ReembedPorts, reembedCollection } from '../../lib/core/reembed.ts';
import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';
import type { RgbImage } from '../../lib/vision/image.ts';
import { card, FakeEmbedder, photoOf, vectorAt } from './fakes.ts';
import { index } from './match-api.ts';
import { Pipeline } from './pipeline.ts';

/** Another model of the same photos: its vectors point the other way. */
class Compass extends FakeEmbedder {
  override readonly card: EmbedderCard = { ...card, id: 'compass' };

  override async embed(crops: readonly RgbImage[]): Promise<Float32Array[]> {
    return (await super.embed(crops)).map((vector) => vector.map((value) => -value));
  }
}

const silent = { pass() {}, image() {} };
let pipeline: Pipeline;
let compass: Compass;
let ports: ReembedPorts;

beforeEach(async () => {
  pipeline = new Pipeline();
  compass = new Compass();
  ports = { ...pipeline, decoder: pipeline.vision, embedder: compass };
  await pipeline.follow(
    pipeline.put('people/ada/1.jpg', '10@40'),
    pipeline.put('photos/party.jpg', '12@40 100@30 200@20'),
    pipeline.put('collections/other/photos/far.jpg', '50@40'),
  );
});

const facesOf = (id: string) => [...pipeline.registry.faces.values()].filter(({ model }) => model === id);

describe('a collection that moves to another embedder', () => {
  it('gets a vector for each of its faces, with the same box and id, and others are left alone', async () => {
    const before = [...pipeline.registry.faces.keys()];
    expect(await reembedCollection(ports, 'main', silent)).toEqual({ moved: 4, already: 0, left: [] });
    expect([...pipeline.registry.faces.keys()]).toEqual(before);
    expect(facesOf('compass')).toHaveLength(4);
    expect(facesOf('plane')).toMatchObject([{ collection: 'other' }]);
    const ada = facesOf('compass').find(({ person }) => person === 'ada');
    expect(ada?.embedding).toEqual(vectorAt(10).map((value) => -value));
  });

  it('leaves the faces of bytes that came through the API, and says so, until they are indexed again', async () => {
    const [faceId] = await index(pipeline, '60@40');

    const { moved, left } = await reembedCollection(ports, 'main', silent);

    expect(moved).toBe(4);
    expect(left.map(({ face, reason }) => [face.faceId, reason])).toEqual([[faceId, 'photo never kept']]);
    const { indexed } = await indexFaces(
      { ...pipeline.ports(), embedder: compass },
      { bytes: photoOf('60@40') },
      { collection: 'main' },
    );
    expect(indexed.map(({ face }) => [face.faceId, face.model])).toEqual([[faceId, 'compass']]);
    expect(await reembedCollection(ports, 'main', silent)).toMatchObject({ moved: 0, already: 5, left: [] });
  });

  it('takes in what was indexed by key, as long as it is the same to the byte', async () => {
    for (const key of ['photos/same.jpg', 'photos/other.jpg']) {
      pipeline.put(key, `60@40 ${key}`);
      await indexFaces(pipeline.ports(), { bucket: 'photos', key }, { collection: 'main', externalImageId: key });
    }
    pipeline.put('photos/other.jpg', '60@40 changed');

    const { moved, left } = await reembedCollection(ports, 'main', silent);

    expect(moved).toBe(5);
    expect(left.map(({ face, reason }) => [face.source?.key, reason])).toEqual([
      ['photos/other.jpg', 'photo replaced'],
    ]);
  });

  it('goes on where it was interrupted', async () => {
    const faces = Array.from({ length: 40 }, (_, i) => `${i * 3}@20`).join(' ');
    await pipeline.follow(pipeline.put('photos/crowd.jpg', faces));
    let reads = 0;
    const store: ReembedPorts['store'] = {
      read: async (source) => {
        if (++reads === 3) throw new Error('the network is gone');
        return pipeline.store.read(source);
      },
    };
    await expect(reembedCollection({ ...ports, store }, 'main', silent)).rejects.toThrow('the network is gone');
    const done = facesOf('compass').filter(({ collection }) => collection === 'main').length;
    expect(done).toBeGreaterThanOrEqual(40);
    compass.batches = [];

    expect(await reembedCollection(ports, 'main', silent)).toEqual({ moved: 44 - done, already: done, left: [] });
    expect(compass.batches).toEqual([44 - done]);
  });

  it('takes up what came in while it was at work', async () => {
    let late = true;
    const store: ReembedPorts['store'] = {
      read: async (source) => {
        if (late) {
          late = false;
          await pipeline.follow(pipeline.put('photos/late.jpg', '150@40'));
        }
        return pipeline.store.read(source);
      },
    };
    expect(await reembedCollection({ ...ports, store }, 'main', silent)).toMatchObject({ moved: 5, left: [] });
  });

  it('embeds in batches, and tells how far it is', async () => {
    const faces = Array.from({ length: 40 }, (_, i) => `${i * 3}@20`).join(' ');
    await pipeline.follow(pipeline.put('photos/crowd.jpg', faces));
    const told: (string | number)[] = [];
    await reembedCollection(ports, 'main', { pass: (images) => told.push(images), image: () => told.push('image') });
    expect(compass.batches.reduce((sum, size) => sum + size)).toBe(44);
    expect(compass.batches.length).toBeLessThanOrEqual(2);
    expect(told).toEqual([3, 'image', 'image', 'image', 3, 'image', 'image', 'image']);
  });

  it('says which faces are left, and why', async () => {
    pipeline.store.objects.delete('photos/party.jpg');
    pipeline.store.put('people/ada/1.jpg', photoOf('11@40'));
    const { moved, left } = await reembedCollection(ports, 'main', silent);
    expect(moved).toBe(0);
    expect(left.map(({ face, reason }) => `${face.source?.key} ${reason}`).sort()).toEqual([
      'people/ada/1.jpg photo replaced',
      'photos/party.jpg photo gone',
      'photos/party.jpg photo gone',
      'photos/party.jpg photo gone',
    ]);
  });

  it('never brings a face back that was erased meanwhile', async () => {
    const registry = Object.assign(Object.create(pipeline.registry) as typeof pipeline.registry, {
      addVector: async (...call: Parameters<typeof pipeline.registry.addVector>) => {
        pipeline.registry.faces.delete(call[0].faceId);
        return pipeline.registry.addVector(...call);
      },
    });
    expect(await reembedCollection({ ...ports, registry }, 'other', silent)).toEqual({
      moved: 0,
      already: 0,
      left: [],
    });
    expect([...pipeline.registry.faces.values()].filter(({ collection }) => collection === 'other')).toEqual([]);
  });

  it('cuts its crops out of a photo that is decoded to another size than it was', async () => {
    const seen: number[] = [];
    const decoder = {
      decode: async (bytes: Uint8Array) => {
        const photo = await pipeline.vision.decode(bytes);
        return halved(photo);
      },
    };
    const embedder = {
      card: compass.card,
      embed: async (crops: readonly RgbImage[]) => {
        seen.push(...crops.map(({ data }) => data[1]!));
        return crops.map(() => vectorAt(0));
      },
    };
    await reembedCollection({ ...ports, decoder, embedder }, 'main', silent);
    expect(seen.sort((a, b) => a - b)).toEqual([10, 12, 100, 200]);
  });
});

describe('photos that are through, while their collection is not moved to the embedder in use', () => {
  it('keep the names that they have', async () => {
    await reembedCollection(ports, 'main', silent);
    // Whoever now reads by the old model finds no vector of it on these faces; nothing is compared across models.
    await pipeline.follow(pipeline.put('people/eve/1.jpg', '100@40'));
    const party = [...pipeline.registry.faces.values()].filter(({ source }) => source?.key === 'photos/party.jpg');
    expect(party.map(({ match }) => match?.person)).toEqual(['ada', undefined, undefined]);
  });
});

function halved({ width, height, data }: RgbImage): RgbImage {
  const half = { width: width / 2, height: height / 2, data: new Uint8Array((width / 2) * (height / 2) * 3) };
  for (let row = 0; row < half.height; row++) {
    for (let column = 0; column < half.width; column++) {
      const from = (row * 2 * width + column * 2) * 3;
      half.data.set(data.subarray(from, from + 3), (row * half.width + column) * 3);
    }
  }
  return half;
}
