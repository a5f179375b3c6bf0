import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openKeyFile } from '../../../lib/adapters/access-key-file.ts';
import { secret, startSecretsManager } from '../../adapters/secrets-manager.ts';
import { facenet } from './facenet.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'facenet-keys-'));
  onTestFinished(() => rm(data, { recursive: true }));
});

const keys = (...args: string[]) => facenet('keys', ...args);
const create = (...args: string[]) => keys('create', '--name', 'front desk', '--scope', 'read', ...args);

describe('facenet keys', () => {
  it('shows a new key once, ready to paste, and keeps it in a file for its owner alone', async () => {
    const { code, stdout } = await create('--scope', 'write', '--collection', 'visitors', '--data', data);

    const [, id] = /^export AWS_ACCESS_KEY_ID=(FACE[A-Z2-7]{16})$/m.exec(stdout)!;
    const [, secret] = /^export AWS_SECRET_ACCESS_KEY=([\w-]{40})$/m.exec(stdout)!;
    expect(code).toBe(0);
    expect(stdout).toContain(
      `[front-desk]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\nregion = us-east-1\n`,
    );
    expect(await openKeyFile(join(data, 'keys.json')).read()).toMatchObject([
      { id, secret, name: 'front desk', scopes: ['read', 'write'], collections: ['visitors'] },
    ]);
    expect((await stat(join(data, 'keys.json'))).mode & 0o777).toBe(0o600);
    expect((await keys('list', '--data', data)).stdout).not.toContain(secret);
  });

  it('lists keys, and takes one back', async () => {
    const file = join(data, 'mine.json');
    expect((await keys('list', '--file', file)).stdout).toContain('none yet');
    const { id } = JSON.parse((await create('--file', file, '--json')).stdout);

    expect((await keys('list', '--file', file)).stdout).toMatch(
      new RegExp(`^${id}  read +all collections  front desk, since \\d{4}-.*\\n$`),
    );
    expect(await keys('revoke', id, '--file', file)).toMatchObject({ code: 0, stdout: `${id} is revoked\n` });

    const listed = JSON.parse((await keys('list', '--file', file, '--json')).stdout);
    expect(listed.keys).toEqual([
      { id, name: 'front desk', scopes: ['read'], createdAt: expect.any(String), revokedAt: expect.any(String) },
    ]);
  });

  it('keeps keys in a secret of Secrets Manager', async () => {
    const manager = await startSecretsManager();
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.url);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    onTestFinished(() => void vi.unstubAllEnvs());

    vi.stubEnv('AWS_REGION', '');
    const { code, stdout } = await create('--secret', secret, '--region', 'eu-central-1', '--json');
    const elsewhere = await create('--secret', `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${secret}`);

    expect(elsewhere).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^INVALID_CONFIG: Expected a secret arn:/),
    });
    expect(code).toBe(0);
    const list = await keys('list', '--secret', secret, '--region', 'eu-central-1', '--json');
    expect(JSON.parse(list.stdout).keys).toMatchObject([{ id: JSON.parse(stdout).id }]);
    const revoke = await keys('revoke', JSON.parse(stdout).id, '--secret', secret, '--region', 'eu-central-1');
    expect(revoke.code).toBe(0);
  });

  it.each([
    ['no scope', ['create', '--name', 'x'], "required option '--scope <scope>' not specified"],
    ['a scope that is none', ['create', '--name', 'x', '--scope', 'all'], 'Expected read, write, admin'],
    ['no name', ['create', '--scope', 'read'], "required option '--name <name>' not specified"],
    ['two places', ['list', '--file', 'a', '--secret', 'b'], 'cannot be used with'],
    ['an id that was never issued', ['revoke', 'FACEAAAAAAAAAAAAAAAA'], 'facenet keys list'],
  ])('ends with 2 on %s', async (_, args, message) => {
    const { code, stderr } = await keys(...args, '--data', data);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });
});
