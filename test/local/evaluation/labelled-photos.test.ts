import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { embedLabelledPhotos, labelledPhotosIn, tellLeftOut } from '../../../local/evaluation/labelled-photos.ts';
import { FakeEmbedder, FakeVision, vectorAt } from '../../core/fakes.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'labelled-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Puts photos into the folder, by what is in them: see FakeVision. */
async function put(photos: Readonly<Record<string, string>>): Promise<void> {
  for (const [photo, content] of Object.entries(photos)) {
    await mkdir(dirname(join(folder, photo)), { recursive: true });
    await writeFile(join(folder, photo), content);
  }
}

describe('photos of known people', () => {
  it('are of the person whose folder they are in, however deep', async () => {
    await put({ 'ada/1.jpg': '', 'ada/2024/may/2.jpg': '', 'bob/1.png': '', 'bob/notes.txt': '' });
    expect(await labelledPhotosIn(folder)).toEqual([
      { photo: 'ada/1.jpg', person: 'ada' },
      { photo: 'ada/2024/may/2.jpg', person: 'ada' },
      { photo: 'bob/1.png', person: 'bob' },
    ]);
  });

  it('are refused where some are in no folder of a person', async () => {
    await put({ 'ada/1.jpg': '', 'party.jpg': '' });
    await expect(labelledPhotosIn(folder)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringMatching(/1 photo beside them: party\.jpg/),
    });
  });
});

describe('embedding them', () => {
  const decoder = new FakeVision();
  const decode = vi.spyOn(decoder, 'decode');
  const embedder = new FakeEmbedder();
  const embed = async (cache?: string) =>
    embedLabelledPhotos(
      { decoder, detector: decoder, embedder },
      folder,
      await labelledPhotosIn(folder),
      'largest',
      cache,
    );

  beforeEach(async () => {
    await put({ 'ada/1.jpg': '30@20 60@40', 'ada/2.jpg': 'a wall', 'bob/1.jpg': '90@40', 'bob/2.jpg': '!' });
  });

  it('leaves out a photo without a face, and one that cannot be decoded, and says which', async () => {
    const { faces, leftOut } = await embed();
    expect(faces).toEqual([
      { person: 'ada', embedding: vectorAt(60) },
      { person: 'bob', embedding: vectorAt(90) },
    ]);
    expect(leftOut).toEqual({
      withoutFace: ['ada/2.jpg'],
      unreadable: [{ photo: 'bob/2.jpg', code: 'CORRUPT_IMAGE' }],
    });
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    tellLeftOut(leftOut);
    expect(told.mock.calls.flat()).toEqual([
      'left out, no face found: 1 photo (ada/2.jpg)',
      'left out, cannot be decoded: 1 photo (bob/2.jpg: CORRUPT_IMAGE)',
    ]);
    told.mockRestore();
  });

  it('does not embed again what the cache has, but looks again at what could not be decoded', async () => {
    const cache = join(folder, 'vectors.jsonl');
    const first = await embed(cache);
    decode.mockClear();
    const second = await embed(cache);
    expect(second).toEqual(first);
    expect(decode.mock.calls.map(([bytes]) => Buffer.from(bytes).toString())).toEqual(['!']);
    expect((await readFile(cache, 'utf8')).trim().split('\n')).toHaveLength(1 + 3);
  });
});
