import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEmbedder } from '../../lib/adapters/model-folder.ts';
import { openEmbedder, standardise } from '../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../lib/config.ts';
import { euclideanDistance } from '../../lib/vision/distance.ts';
import { sampleCrops } from './sample-crops.ts';

const goldens = JSON.parse(await readFile('test/adapters/goldens/embeddings.json', 'utf8'));

/** The widest a component may differ on other machines: their matrix kernels sum in another order, which was seen to move the sixth digit. */
const tolerance = 1e-4;

describe.each(['mobilefacenet-ensemble', 'mobilefacenet-faceplugin', 'mobilefacenet', 'dlib-resnet'])('%s', (id) => {
  it('makes of the sample faces what it made when its accuracy was measured', async () => {
    const embedder = await openEmbedder(modelsFolder(), id, 1);

    const vectors = await embedder.embed(await sampleCrops(embedder.card.crop));

    for (const [i, vector] of vectors.entries()) {
      expect(vector.length).toBe(embedder.card.dimensions);
      for (const [k, value] of vector.entries()) expect(Math.abs(value - goldens[id][i][k])).toBeLessThan(tolerance);
      expect(euclideanDistance(vector, new Float32Array(vector.length))).toBeCloseTo(1, 5);
    }
  });

  it('makes the same of a crop, alone or among others, however many', async () => {
    const embedder = await openEmbedder(modelsFolder(), id, 1);
    const [a, b] = await sampleCrops(embedder.card.crop);

    const many = await embedder.embed([...Array.from({ length: 32 }, () => a), b]);
    const [alone] = await embedder.embed([b]);

    expect(many).toHaveLength(33);
    expect(euclideanDistance(many[32], alone)).toBeLessThan(1e-5);
    expect(euclideanDistance(many[0], many[31])).toBeLessThan(1e-5);
  });

  it('makes nothing of no crops', async () => {
    expect(await (await openEmbedder(modelsFolder(), id, 1)).embed([])).toEqual([]);
  });
});

describe('the input of an embedder', () => {
  it('is planes in the order of its channels, standardised', () => {
    const crop = { width: 1, height: 1, data: Uint8Array.of(10, 20, 30) };
    const card = { crop: { kind: 'box', size: 1, margin: 0 }, mean: [1, 2, 3], deviation: [1, 2, 4] } as const;
    const of = (channels: 'RGB' | 'BGR') => [...standardise([crop, crop], { ...card, channels } as never)];
    expect(of('RGB')).toEqual([9, 9, 6.75, 9, 9, 6.75]);
    expect(of('BGR')).toEqual([29, 9, 1.75, 29, 9, 1.75]);
  });
});

const reference = '../shared/data/models/mobilefacenet-reference.json';

/** What TensorFlow Lite makes of an input; it is not in the repository, and the test skips without it. */
describe.skipIf(!existsSync(reference))('the converted mobilefacenet', () => {
  it('agrees with TensorFlow Lite to 1e-4', async () => {
    const { embedding } = JSON.parse(await readFile(reference, 'utf8'));
    const { card, graph } = await readEmbedder(modelsFolder(), 'mobilefacenet');
    // Byte i is the top byte of i · 2654435761 mod 2^32, as the reference says of its input.
    const data = Uint8Array.from({ length: 112 * 112 * 3 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24);
    const session = await InferenceSession.create(graph, { logSeverityLevel: 3 });
    const input = new Tensor('float32', standardise([{ width: 112, height: 112, data }], card), [1, 3, 112, 112]);

    const output = (await session.run({ input })).embedding!.data as Float32Array;

    expect(embedding).toHaveLength(192);
    for (const [i, value] of output.entries()) expect(Math.abs(value - embedding[i])).toBeLessThan(1e-4);
  });
});

describe('a models folder', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'models-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says what to do when there is no such model', async () => {
    await expect(openEmbedder(folder, 'mobilefacenet', 1)).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringMatching(/mobilefacenet\.json .* Run `npm run models -- mobilefacenet`/),
    });
  });

  it('refuses a file that is not the one its card names', async () => {
    await copyFile(join(modelsFolder(), 'mobilefacenet.json'), join(folder, 'mobilefacenet.json'));
    await writeFile(join(folder, 'mobilefacenet.onnx'), 'broken');
    await expect(openEmbedder(folder, 'mobilefacenet', 1)).rejects.toMatchObject({
      code: 'MODEL_CORRUPT',
      message: expect.stringMatching(/SHA-256 60dd9d.*received .*Run `npm run models -- mobilefacenet`/),
    });
  });

  it('refuses a card that it cannot read', async () => {
    await writeFile(join(folder, 'odd.json'), '{"kind":"embedder"}');
    await expect(openEmbedder(folder, 'odd', 1)).rejects.toMatchObject({ code: 'MODEL_CORRUPT' });
  });
});
