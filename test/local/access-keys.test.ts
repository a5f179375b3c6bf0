import { execFile, spawnSync } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DetectFacesCommand, RekognitionClient } from '@aws-sdk/client-rekognition';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeyFile } from '../../lib/adapters/access-key-file.ts';
import { type AccessKey, type AccessKeyOptions, issueKey, revokeKey } from '../../lib/core/access-keys.ts';
import { createApiCaller } from '../../local/api-caller.ts';
import { signedRequest } from '../functions/match/signed-request.ts';
import { facenet } from './commands/facenet.ts';
import { RunningStack, sample } from './running-stack.ts';

let running: RunningStack;
let folder: string;
let keyFile: string;
let api: string;
let photo: Buffer;
const clients: RekognitionClient[] = [];

async function issue(options: Partial<AccessKeyOptions> = {}): Promise<AccessKey & { secret: string }> {
  let key: ReturnType<typeof issueKey>['issued'] | undefined;
  await openKeyFile(keyFile).change((keys) => {
    const all = issueKey(keys, { name: 'test', scopes: ['read'], ...options }, new Date());
    key = all.issued;
    return all.keys;
  });
  return key!;
}

/** An unmodified client of Amazon Rekognition, but for its endpoint and its credentials. */
function rekognition({ id, secret }: Pick<AccessKey, 'id' | 'secret'>, more: object = {}): RekognitionClient {
  const credentials = { accessKeyId: id, secretAccessKey: secret! };
  const client = new RekognitionClient({ endpoint: api, region: 'eu-central-1', credentials, ...more });
  clients.push(client);
  return client;
}

const detect = () => new DetectFacesCommand({ Image: { Bytes: photo } });
const named = (name: string) => expect.objectContaining({ name });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facenet-access-'));
  keyFile = join(folder, 'keys.json');
  await issue();
  running = await RunningStack.start({ strangers: { host: '127.0.0.1', port: 0, keyFile } });
  api = running.stack.signedApi!;
  photo = await readFile(sample(1));
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await running.close();
  await rm(folder, { recursive: true });
});

describe('an API for strangers', () => {
  it('is called by clients of Rekognition with a key, and by nobody without', async () => {
    const key = await issue();
    const { FaceDetails = [] } = await rekognition(key).send(detect());
    expect(FaceDetails.length).toBeGreaterThan(0);

    const refused = (client: RekognitionClient) => client.send(detect());
    await expect(refused(rekognition({ ...key, secret: 'wrong' }))).rejects.toThrow(named('InvalidSignatureException'));
    await expect(refused(rekognition({ id: 'AKIAIOSFODNN7EXAMPLE', secret: 'x' }))).rejects.toThrow(
      named('UnrecognizedClientException'),
    );
    await expect(refused(rekognition(await issue({ scopes: ['write'] })))).rejects.toThrow(
      named('AccessDeniedException'),
    );
    const unsigned = await fetch(api, {
      method: 'POST',
      headers: { 'x-amz-target': 'RekognitionService.DetectFaces' },
    });
    expect(await unsigned.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });

  it('refuses what was changed on its way to it', async () => {
    const client = rekognition(await issue());
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: Uint8Array; headers: Record<string, string> };
        request.body = Buffer.concat([request.body, Buffer.from(' ')]);
        request.headers['content-length'] = String(request.body.length);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    await expect(client.send(detect())).rejects.toThrow(named('InvalidSignatureException'));
  });

  it('refuses a client whose clock is wrong, which sets it by the answer', async () => {
    const client = rekognition(await issue(), { systemClockOffset: -3_600_000 });
    await expect(client.send(detect())).rejects.toThrow(named('InvalidSignatureException'));
    expect((await client.send(detect())).FaceDetails?.length).toBeGreaterThan(0);
  });

  it('shows no photo of another collection', async () => {
    const client = rekognition(await issue({ collections: ['team'] }));
    await running.put('photos/party.jpg', photo);
    await running.put('collections/team/photos/party.jpg', photo);
    const lookAt = (Name: string) =>
      client.send(new DetectFacesCommand({ Image: { S3Object: { Bucket: running.stack.bucket, Name } } }));

    await expect(lookAt('photos/party.jpg')).rejects.toThrow(named('AccessDeniedException'));
    expect((await lookAt('collections/team/photos/party.jpg')).FaceDetails?.length).toBeGreaterThan(0);
    await running.settle();
  });

  it('forgets a key the moment that it is revoked, and closes when others can read the keys', async () => {
    const [key, other] = [await issue(), await issue()];
    const status = async (with_: AccessKey) =>
      (await fetch(await signedRequest(`${api}/v1/people`, { key: with_ }))).status;
    expect(await status(key)).toBe(200);

    await openKeyFile(keyFile).change((keys) => revokeKey(keys, key.id, new Date()));
    expect(await status(key)).toBe(401);
    expect(await status(other)).toBe(200);

    await chmod(keyFile, 0o644);
    expect(await status(other)).toBe(500);
    await chmod(keyFile, 0o600);
    expect(await status(other)).toBe(200);
  });

  it('takes a write once', async () => {
    await running.follow('photos/once.jpg', photo);
    const request = await signedRequest(`${api}/v1/photos?key=photos/once.jpg`, {
      key: await issue({ scopes: ['write'] }),
      method: 'DELETE',
    });

    const [first, second] = [await fetch(request.clone()), await fetch(request.clone())];

    expect(first.status).toBe(200);
    expect(second.status).toBe(401);
    expect(await second.json()).toMatchObject({
      code: 'UNAUTHENTICATED',
      detail: expect.stringContaining('Sign again'),
    });
  });

  it('is called by our own caller with a profile', async () => {
    const { id, secret } = await issue();
    const file = join(folder, 'credentials');
    await writeFile(file, `[kiosk]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);
    process.env.AWS_SHARED_CREDENTIALS_FILE = file;
    try {
      const call = createApiCaller({ api, headers: {}, profile: 'kiosk' });
      expect(await call('GET', '/v1/people?collection=main')).toMatchObject({ status: 200 });
      expect((await createApiCaller({ api, headers: {} })('GET', '/v1/people')).status).toBe(401);
    } finally {
      delete process.env.AWS_SHARED_CREDENTIALS_FILE;
    }
  });

  it('leaves the one on loopback to the commands of this machine', async () => {
    expect((await running.ask('GET', '/v1/people')).status).toBe(200);
    expect(new URL(running.stack.api).hostname).toBe('127.0.0.1');
    expect(await facenet('people', '--data', running.data)).toMatchObject({ code: 0 });
  });

  it.skipIf(spawnSync('aws', ['--version']).status !== 0)(
    'is called by aws-cli (skipped where there is none)',
    async () => {
      const aws = async ({ id, secret }: Pick<AccessKey, 'id' | 'secret'>) => {
        const env = {
          ...process.env,
          AWS_ACCESS_KEY_ID: id,
          AWS_SECRET_ACCESS_KEY: secret,
          AWS_DEFAULT_REGION: 'eu-central-1',
        };
        const args = [
          'rekognition',
          'detect-faces',
          '--endpoint-url',
          api,
          '--image-bytes',
          `fileb://${sample(1)}`,
          '--query',
          'length(FaceDetails)',
        ];
        return promisify(execFile)('aws', args, { env }).then(
          ({ stdout }) => stdout,
          (error) => error.stderr as string,
        );
      };
      const key = await issue();

      expect(await aws(key)).toMatch(/^[1-9]/);
      expect(await aws({ ...key, secret: 'wrong' })).toContain('InvalidSignatureException');
    },
  );

  it.skipIf(spawnSync('curl', ['--aws-sigv4', 'x', '--version']).status !== 0)(
    'is called by curl (skipped where it cannot sign)',
    async () => {
      const { id, secret } = await issue();
      const args = [
        '-sS',
        '--aws-sigv4',
        'aws:amz:any:facenet',
        '--user',
        `${id}:${secret}`,
        '-H',
        'content-type: image/jpeg',
        '--data-binary',
        `@${sample(1)}`,
      ];
      const { stdout } = await promisify(execFile)('curl', [...args, `${api}/v1/detect`]);
      expect(JSON.parse(stdout).faces.length).toBeGreaterThan(0);
    },
  );
});

describe('facenet start', () => {
  it.each([
    ['--host', '0.0.0.0'],
    ['--host', '::'],
    ['--host', '192.0.2.1'],
    ['--keys', 'none.json'],
  ])('does not listen with %s %s and no key, and says how to issue one', async (...options) => {
    const { code, stderr } = await facenet('start', ...options, '--data', join(folder, 'new'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/INVALID_CONFIG: Expected access keys .* facenet keys create --name NAME --scope read/);
  });

  it('does not listen with keys that others can read, or that are all revoked', async () => {
    const file = join(folder, 'old.json');
    const { issued, keys } = issueKey([], { name: 'old', scopes: ['read'] }, new Date());
    await openKeyFile(file).change(() => revokeKey(keys, issued.id, new Date()));
    const start = () => facenet('start', '--host', '0.0.0.0', '--keys', file, '--data', join(folder, 'new'));
    expect((await start()).stderr).toContain('found none');
    await chmod(file, 0o644);
    expect((await start()).stderr).toContain('chmod 600');
  });
});
