import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facenet } from './facenet.ts';

describe('facenet calibrate', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facenet-calibrate-'));
    await mkdir(join(folder, 'one'));
    const sample = sharp('node_modules/@vladmandic/face-api/demo/sample1.jpg').resize({ width: 500 });
    await sample.toFile(join(folder, 'one', '1.jpg'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('says how many photos it takes when there are too few', async () => {
    const { code, stdout, stderr } = await facenet('calibrate', '--images', folder, '--embedder', 'dlib-resnet');

    expect(code).toBe(2);
    expect(stderr).toMatch(/^INVALID_REQUEST: Expected photos that give at least 10000 pairs/);
    expect(stdout).toBe('');
  });

  it('does not write into a card that would be made again', async () => {
    const { code, stderr } = await facenet('calibrate', '--images', folder, '--embedder', 'dlib-resnet', '--write');

    expect(code).toBe(2);
    expect(stderr).toMatch(/stand in layers\/models\/catalog\.ts/);
  });
});
