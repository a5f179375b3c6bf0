import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder, variable } from '../../../lib/config.ts';
import { cachePopulation } from '../training/population-cache.ts';
import { facenet } from './facenet.ts';

describe('facenet calibrate', () => {
  let folder: string;
  let models: string;
  let people: Awaited<ReturnType<typeof cachePopulation>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facenet-calibrate-'));
    models = join(folder, 'models');
    await cp(modelsFolder(), models, { recursive: true });
    // An embedder of one's own, as facenet train makes them: its card may be written into.
    const card = JSON.parse(await readFile(join(models, 'mobilefacenet.json'), 'utf8'));
    await writeFile(join(models, 'own.json'), JSON.stringify({ ...card, id: 'own' }));
    vi.stubEnv(variable.models, models);
    people = await cachePopulation(folder, models, 'own');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true, force: true });
  });

  const calibrate = (...options: string[]) =>
    facenet('calibrate', '--images', people.images, '--embedder', 'own', '--cache', people.cache, ...options);

  it('prints what each threshold lets through, and draws it', async () => {
    const picture = join(folder, 'curve.svg');
    const { code, stdout, stderr } = await calibrate('--picture', picture);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^own: 720 faces of 240 people, 720 pairs of the same and 258120 of different people\n\n {2}similarity /,
    );
    expect(stdout).toMatch(/\n +80 +\d\.\d{4} +1\.0e-3 +\d+\.\d\d %\n/);
    expect(stdout).toMatch(/false match rates up to 0\.0001 are read off the fitted tail\n$/);
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
  });

  it('writes the numbers into the card of an embedder of one’s own, which then goes by them', async () => {
    const { code, stdout } = await calibrate('--write', '--json');

    expect(code).toBe(0);
    const { photos, leftOut, operatingPoints, similarity } = JSON.parse(stdout);
    expect({ photos, leftOut }).toEqual({ photos: 720, leftOut: { withoutFace: [], unreadable: [] } });
    expect(operatingPoints).not.toEqual(people.card.operatingPoints);
    expect((await openEmbedder(models, 'own', 1)).card).toMatchObject({ id: 'own', operatingPoints, similarity });
  });

  it('leaves out photos that cannot be decoded, and says which', async () => {
    await mkdir(join(people.images, 'zoe'));
    await writeFile(join(people.images, 'zoe', '1.jpg'), 'no photo');
    try {
      const { code, stderr } = await calibrate();
      expect(code).toBe(0);
      expect(stderr).toBe('left out, cannot be decoded: 1 photo (zoe/1.jpg: UNSUPPORTED_IMAGE_FORMAT)\n');
    } finally {
      await rm(join(people.images, 'zoe'), { recursive: true });
    }
  });

  it('says how many photos it takes when there are too few', async () => {
    const one = join(folder, 'few', 'one');
    await mkdir(one, { recursive: true });
    await writeFile(join(one, '1.jpg'), 'a photo');
    const { code, stdout, stderr } = await facenet('calibrate', '--images', join(folder, 'few'));

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^INVALID_REQUEST: Expected photos that give at least 10000 pairs .* by 1 photo of 1 person\./,
    );
  });

  it('does not write into a card that would be made again', async () => {
    const { code, stderr } = await calibrate('--embedder', 'dlib-resnet', '--write');

    expect(code).toBe(2);
    expect(stderr).toMatch(/stand in layers\/models\/catalog\.ts/);
  });
});
