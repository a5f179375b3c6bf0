import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { embedderCard } from '../../cdk/embedders.ts';
import { variable } from '../../lib/config.ts';

let models: string;
beforeEach(() => {
  models = mkdtempSync(join(tmpdir(), 'models-'));
  vi.stubEnv(variable.models, models);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(models, { recursive: true });
});

describe('the embedder of a deployment', () => {
  it('is one of the catalog, also where no model is made', () => {
    expect(embedderCard('facenet-vggface2')).toMatchObject({ id: 'facenet-vggface2', dimensions: 512 });
  });

  it('is one of the models folder, such as `facenet train` makes', () => {
    writeFileSync(
      join(models, 'mobilefacenet-64.json'),
      JSON.stringify({ kind: 'embedder', id: 'mobilefacenet-64', dimensions: 64 }),
    );
    expect(embedderCard('mobilefacenet-64').dimensions).toBe(64);
  });

  it('is refused with the names of those that there are', () => {
    expect(() => embedderCard('nobody')).toThrow(
      expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringMatching(/mobilefacenet.*"nobody"/) }),
    );
  });
});
