import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const clone = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** As a person's shell has it: npm itself, which runs these tests, has said nothing yet. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => name !== 'INIT_CWD' && !/^npm_(lifecycle|package)_/.test(name)),
);

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'facenet-working-')));
});
afterAll(() => rm(folder, { recursive: true }));

describe('npm run facenet, called elsewhere than in the clone', () => {
  const facenet = (...args: string[]) =>
    run('npm', ['--prefix', clone, 'run', '--silent', 'facenet', '--', ...args], { cwd: folder, env: environment });

  it('takes paths from where it was called', async () => {
    await facenet('keys', 'create', '--name', 'laptop', '--scope', 'read', '--file', 'my keys.json');
    expect(existsSync(join(folder, 'my keys.json'))).toBe(true);
  });

  it('uses the data folder of the clone when none is named', async () => {
    const { stdout } = await facenet('keys', '--help');
    expect(stdout).toContain(`${join(relative(folder, clone), '.facenet', 'keys.json')},`);
  });
});

describe('facenet without npm', () => {
  it('uses the data folder of where it was called, also inside a script of npm', async () => {
    const cli = ['--import', join(clone, 'node_modules/tsx/dist/loader.mjs'), join(clone, 'local/cli.ts')];
    const env = { ...environment, INIT_CWD: tmpdir(), npm_package_json: join(clone, 'package.json') };
    const { stdout } = await run(process.execPath, [...cli, 'keys', '--help'], { cwd: folder, env });
    expect(stdout).toContain('Keys are kept in .facenet/keys.json,');
  });
});
