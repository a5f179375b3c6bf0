import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openKeySecret } from '../../lib/adapters/access-key-secret.ts';
import { type AccessKey, issueKey, readAccessKeys, writeAccessKeys } from '../../lib/core/access-keys.ts';
import { secret, startSecretsManager } from './secrets-manager.ts';

const add = (name: string) => (keys: readonly AccessKey[]) =>
  issueKey(keys, { name, scopes: ['read'] }, new Date()).keys;
const namesIn = (keys: readonly AccessKey[]) => keys.map(({ name }) => name).sort();

describe('keys in a secret', () => {
  it('are none at first, and found again', async () => {
    const { client } = await startSecretsManager();
    const store = openKeySecret(client, secret);
    expect(await store.read()).toEqual([]);

    await store.change(add('one'));
    await store.change(add('two'));

    expect(namesIn(await openKeySecret(client, secret).read())).toEqual(['one', 'two']);
  });

  it('are none of them lost when several operators issue some at once', async () => {
    const { client } = await startSecretsManager();
    const names = Array.from({ length: 5 }, (_, n) => `key ${n}`);

    await Promise.all(names.map((name) => openKeySecret(client, secret).change(add(name))));

    expect(namesIn(await openKeySecret(client, secret).read())).toEqual(names);
  });

  it('are not written twice when only the answer was lost', async () => {
    let lost = false;
    const { client } = await startSecretsManager(async (operation, { client }) => {
      if (operation !== 'UpdateSecretVersionStage' || lost) return;
      lost = true;
      await client.send(update!);
    });
    const store = openKeySecret(client, secret);
    await store.change(add('one'));
    let update: UpdateSecretVersionStageCommand | undefined;
    client.middlewareStack.add(
      (next) => (args) => {
        if ('MoveToVersionId' in args.input) update ??= new UpdateSecretVersionStageCommand(args.input as never);
        return next(args);
      },
      { step: 'initialize' },
    );

    await store.change(add('two'));

    expect(lost).toBe(true);
    expect(namesIn(await store.read())).toEqual(['one', 'two']);
  });

  it('are given up when others are quicker each time, and the error says to try again', async () => {
    const { client } = await startSecretsManager(async (operation, { client }) => {
      if (operation !== 'UpdateSecretVersionStage') return;
      await client.send(new PutSecretValueCommand({ SecretId: secret, SecretString: writeAccessKeys([]) }));
    });
    const store = openKeySecret(client, secret);
    await store.change(add('one'));

    await expect(store.change(add('two'))).rejects.toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
  });

  it('in a secret that is not there are refused with where to look', async () => {
    const { client } = await startSecretsManager();
    await expect(openKeySecret(client, 'other').change(add('one'))).rejects.toThrow(/accessKeys: true/);
  });
});

const hasMoto = spawnSync('python3', ['-c', 'import moto.server']).status === 0;

describe.skipIf(!hasMoto)('keys in a secret of moto (skipped without it)', () => {
  it('are none of them lost either', async () => {
    const port = 20_000 + (process.pid % 20_000);
    const moto = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    onTestFinished(() => void moto.kill());
    const client = new SecretsManagerClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    onTestFinished(() => client.destroy());
    const create = async () =>
      client.send(new CreateSecretCommand({ Name: secret, SecretString: writeAccessKeys([]) }));
    while (!(await create().catch(() => undefined))) await wait(200);
    const names = ['one', 'two', 'three', 'four'];

    await Promise.all(names.map((name) => openKeySecret(client, secret).change(add(name))));

    expect(namesIn(await openKeySecret(client, secret).read())).toEqual([...names].sort());
    expect(readAccessKeys(writeAccessKeys([]), secret)).toEqual([]);
  });
});
