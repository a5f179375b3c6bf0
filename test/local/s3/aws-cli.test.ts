import { execFile, execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { bucket, type Fixture, startFixture, writeWhole } from './fixture.ts';

const run = promisify(execFile);

test.skipIf(!hasAws())('aws-cli copies, lists, syncs and removes (skipped where there is no aws-cli)', async () => {
  const fixture = await startFixture();
  const aws = awsFor(fixture);
  const folder = await mkdtemp(join(tmpdir(), 'aws-cli-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'ünï'));
  await writeFile(join(folder, 'a b+c.jpg'), 'a photo');
  await writeFile(join(folder, 'ünï', '100%.jpg'), 'another');
  await writeFile(join(folder, 'big.bin'), Buffer.alloc(9_000_000, 7));

  await aws('s3', 'cp', join(folder, 'a b+c.jpg'), `s3://${bucket}/people/ali ce/`);
  await aws('s3', 'sync', folder, `s3://${bucket}/all`);
  await aws('s3', 'cp', `s3://${bucket}/all/big.bin`, `s3://${bucket}/copy.bin`);
  await aws('s3', 'cp', `s3://${bucket}/copy.bin`, join(folder, 'back.bin'));

  expect(await readFile(fixture.file('people/ali ce/a b+c.jpg'), 'utf8')).toBe('a photo');
  expect(await aws('s3', 'ls', `s3://${bucket}`)).toMatch(/PRE all\/\n +PRE people\/\n.* 9000000 copy.bin\n$/);
  expect(await aws('s3', 'ls', '--recursive', `s3://${bucket}/all/`)).toMatch(
    /a b\+c\.jpg\n.*big\.bin\n.*ünï\/100%\.jpg\n$/,
  );
  expect((await readFile(join(folder, 'back.bin'))).equals(Buffer.alloc(9_000_000, 7))).toBe(true);
  const again = await aws('s3', 'sync', '--exclude', 'back.bin', folder, `s3://${bucket}/all`);
  expect(again).toBe('');
  await aws('s3', 'rm', '--recursive', `s3://${bucket}/`);
  expect(await aws('s3', 'ls', `s3://${bucket}`).catch(({ code }) => code)).toSatisfy((out) => out === '' || out === 1);
  expect(fixture.errors).toEqual([]);
});

test.skipIf(!hasAws())(
  'aws-cli presigns a URL and calls the API by name (skipped where there is no aws-cli)',
  async () => {
    const fixture = await startFixture();
    const aws = awsFor(fixture);
    writeWhole(fixture.file('a.jpg'), 'a photo');
    await fixture.eventsSeen(1);

    const url = (await aws('s3', 'presign', `s3://${bucket}/a.jpg`)).trim();
    const api = async (...words: string[]) => JSON.parse((await aws('s3api', ...words, '--bucket', bucket)) || '{}');
    await api('put-bucket-versioning', '--versioning-configuration', 'Status=Enabled');
    await api('put-object-tagging', '--key', 'a.jpg', '--tagging', 'TagSet=[{Key=k,Value=v}]');

    expect(await (await fetch(url)).text()).toBe('a photo');
    expect(await api('get-bucket-versioning')).toEqual({ Status: 'Enabled' });
    expect(await api('get-object-tagging', '--key', 'a.jpg')).toEqual({ TagSet: [{ Key: 'k', Value: 'v' }] });
    expect(await api('delete-object', '--key', 'a.jpg')).toMatchObject({ DeleteMarker: true });
    expect((await api('list-object-versions')).DeleteMarkers).toHaveLength(1);
  },
);

function hasAws(): boolean {
  try {
    execFileSync('aws', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function awsFor({ server }: Fixture): (...words: string[]) => Promise<string> {
  const env = {
    ...process.env,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    LC_ALL: 'C.UTF-8',
  };
  return async (...words) => {
    const progress = words[0] === 's3' && ['cp', 'sync'].includes(words[1]!) ? ['--no-progress'] : [];
    return (await run('aws', [...words, ...progress, '--endpoint-url', server.url], { env })).stdout;
  };
}
