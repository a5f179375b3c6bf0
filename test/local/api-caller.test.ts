import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createApiCaller } from '../../local/api-caller.ts';

let sent: { url: string; init: RequestInit };

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  vi.useFakeTimers({ now: new Date('2026-11-24T12:00:00Z'), toFake: ['Date'] });
  vi.stubGlobal('fetch', async (url: URL, init: RequestInit) => {
    sent = { url: url.href, init };
    return new Response('{"status":"ok"}');
  });
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** The signature of the first call by botocore's SigV4Auth, with the same keys, time and headers. */
const botocore =
  'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=4f1baba62bc001f505ef14f3ad304f14f1c31717a65fc8e7f696fc7218c124f3';

const api = 'https://abc123.execute-api.eu-central-1.amazonaws.com';

describe('a call of the API', () => {
  it('is signed for the region that the URL names, as botocore signs it', async () => {
    const call = createApiCaller({ api, headers: {} });

    await call('POST', '/search?collection=my%20team', { image: { key: 'photos/party.jpg' } });

    expect(sent.url).toBe(`${api}/search?collection=my%20team`);
    expect(sent.init.headers).toMatchObject({ 'x-amz-date': '20261124T120000Z', 'x-amz-security-token': 'token' });
    expect((sent.init.headers as Record<string, string>).authorization).toBe(botocore);
  });

  it('carries a token instead of a signature where one is given', async () => {
    const call = createApiCaller({ api, headers: { authorization: 'Bearer token' } });

    await call('GET', '/health');

    expect(sent.init.headers).toEqual({ authorization: 'Bearer token' });
  });

  it('is signed with the access key of a profile, also where it goes to this machine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'facenet-profile-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'credentials');
    await writeFile(file, '[kiosk]\naws_access_key_id = FACEAAAAAAAAAAAAAAAA\naws_secret_access_key = secret\n');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file);
    vi.stubEnv('AWS_CONFIG_FILE', file);
    const call = createApiCaller({ api: 'http://127.0.0.1:3000', headers: {}, profile: 'kiosk' });

    await call('GET', '/health');

    expect(sent.init.headers).toMatchObject({
      authorization: expect.stringContaining('Credential=FACEAAAAAAAAAAAAAAAA/20261124/us-east-1/execute-api/'),
    });
    expect(sent.init.headers).not.toHaveProperty('x-amz-security-token');
  });

  it('goes as it is to a stack on this machine', async () => {
    const call = createApiCaller({ api: 'http://127.0.0.1:3000', headers: {} });

    expect(await call('GET', '/health')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(sent.init.headers).toEqual({});
  });
});
