import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facenet } from './facenet.ts';

const samples = 'node_modules/@vladmandic/face-api/demo';

const facenetEval = (...args: string[]) => facenet('eval', ...args);

describe('facenet eval', () => {
  let folder: string;
  const pairs = () => join(folder, 'pairs.tsv');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facenet-eval-'));
    for (const person of ['one', 'two']) await mkdir(join(folder, person));
    for (const [person, sample] of [
      ['one', 'sample1'],
      ['two', 'sample3'],
    ] as const) {
      const photo = sharp(join(samples, `${sample}.jpg`));
      await photo.resize({ width: 500 }).toFile(join(folder, person, '1.jpg'));
      await photo
        .resize({ width: 400 })
        .modulate({ brightness: 0.8 })
        .toFile(join(folder, person, '2.jpg'));
    }
    await writeFile(
      pairs(),
      [
        'fold\timage_a\timage_b\tsame',
        '1\tone/1.jpg\tone/2.jpg\t1',
        '1\tone/1.jpg\ttwo/1.jpg\t0',
        '2\ttwo/1.jpg\ttwo/2.jpg\t1',
        '2\tone/2.jpg\ttwo/2.jpg\t0',
      ].join('\n'),
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('prints the contract as JSON, and nothing else', async () => {
    const { code, stdout, stderr } = await facenetEval(
      '--pairs',
      pairs(),
      '--images',
      folder,
      '--embedder',
      'dlib-resnet',
      '--json',
    );

    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      embedder: 'dlib-resnet',
      photos: 4,
      photosWithFace: 4,
      pairs: 4,
      accuracy: 1,
      accuracyDeviation: 0,
      thresholds: [
        { falseMatchRate: 1e-2, trueMatchRate: 1, distance: expect.any(Number) },
        { falseMatchRate: 1e-3 },
        { falseMatchRate: 1e-4 },
      ],
      ratesOf: 'all',
      impostorPairs: 4,
    });
  });

  it('names photos that are missing before it begins', async () => {
    const { code, stderr } = await facenetEval('--pairs', pairs(), '--images', join(folder, 'one'));

    expect(code).toBe(2);
    expect(stderr).toMatch(/^PHOTO_NOT_FOUND: .* found 4 of them missing: one\/1\.jpg/);
  });

  it('says when there is no file of pairs', async () => {
    const { code, stderr } = await facenetEval('--pairs', join(folder, 'none.tsv'), '--images', folder);

    expect(code).toBe(2);
    expect(stderr).toMatch(/^INVALID_REQUEST: Expected a file of pairs/);
  });
});

const lfw = '../shared/data/lfw';

/** Opt-in, as it takes minutes: FACENET_TEST_LFW=1. It needs LFW, which is not in the repository, and skips without it. */
describe.skipIf(!existsSync(lfw) || !process.env.FACENET_TEST_LFW)('facenet eval over LFW', () => {
  it('finds a face in every photo, and tells people apart', { timeout: 900_000 }, async () => {
    const { stdout } = await facenetEval('--pairs', `${lfw}/pairs.tsv`, '--images', `${lfw}/images`, '--json');

    const { photos, photosWithFace, accuracy, thresholds } = JSON.parse(stdout);
    expect(photosWithFace / photos).toBeGreaterThanOrEqual(0.999);
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect(thresholds[1].trueMatchRate).toBeGreaterThanOrEqual(0.98);
  });
});
