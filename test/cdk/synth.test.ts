import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { UnavailableError } from '../../lib/core/errors.ts';

const run = promisify(execFile);

/** Sharp's libraries for arm64 come from the npm registry, once a machine. */
const offline = await import('../../cdk/function-assets.ts')
  .then(({ detectCode }) => detectCode())
  .then(
    () => false,
    (error: unknown) => {
      if (!(error instanceof UnavailableError)) throw error;
      return true;
    },
  );

/** Our own app as `cdk synth` starts it, without the network, into a folder of its own. */
async function synth(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'facenet-synth-'));
  const nowhere = { HTTPS_PROXY: 'http://127.0.0.1:9', HTTP_PROXY: 'http://127.0.0.1:9', CDK_DOCKER: 'false' };
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));
  const env = { ...process.env, ...nowhere, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify(context) };
  await run(process.execPath, ['--import', 'tsx', 'cdk/app.ts'], { env });
  return folder;
}

it.skipIf(offline)(
  'two syntheses, offline and without Docker, are the same to the byte: a diff after them is empty',
  async () => {
    const [first, second] = [await synth(), await synth()];

    const files = readdirSync(first).filter((name) => /\.(template|assets)\.json$/.test(name));
    expect(files).toEqual(['Facenet.assets.json', 'Facenet.template.json']);
    for (const file of files) {
      expect(readFileSync(join(second, file), 'utf8')).toBe(readFileSync(join(first, file), 'utf8'));
    }
    const assets = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('asset.'));
    expect(assets(second)).toEqual(assets(first));
  },
  300_000,
);
