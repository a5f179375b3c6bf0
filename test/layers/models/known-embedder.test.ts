import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { knownEmbedder } from '../../../layers/models/known-embedder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is one of the catalog, also where no model is made', () => {
  expect(knownEmbedder('facenet-vggface2', folder)).toMatchObject({ id: 'facenet-vggface2', dimensions: 512 });
});

it('is one of the models folder, such as facenet train makes', () => {
  const card = { kind: 'embedder', id: 'mobilefacenet-64', dimensions: 64 };
  writeFileSync(join(folder, 'mobilefacenet-64.json'), JSON.stringify(card));
  expect(knownEmbedder('mobilefacenet-64', folder)).toEqual(card);
});

it.each(['nobody', 'mtcnn'])('is not %s, which is told with the names of those that there are', (id) => {
  writeFileSync(join(folder, 'mtcnn.json'), JSON.stringify({ kind: 'detector', id: 'mtcnn' }));
  expect(() => knownEmbedder(id, folder)).toThrow(
    expect.objectContaining({
      code: 'INVALID_CONFIG',
      message: expect.stringMatching(new RegExp(`mobilefacenet-ensemble.*"${id}"`)),
    }),
  );
});
