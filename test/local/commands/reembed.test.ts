import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readVisionConfig } from '../../../lib/config.ts';
import { ApiClient } from '../../../local/api-client.ts';
import { credentials, region } from '../../../local/clients.ts';
import { reembedCommand } from '../../../local/commands/reembed.ts';
import { startStack } from '../../../local/stack.ts';
import { RunningStack, sample } from '../running-stack.ts';

let running: RunningStack;

beforeAll(async () => {
  running = await RunningStack.start();
  const party = await readFile(sample(1));
  await running.put('photos/party.jpg', party);
  await running.follow('collections/other/people/ann/1.jpg', party);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await running.close();
});

const search = (collection: string) => new ApiClient(running.stack.api).search(sample(1), collection, 5);

/** Runs the command; answers what it printed. */
async function reembed(...options: string[]) {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await reembedCommand().parseAsync(['dlib-resnet', ...options, '--json'], { from: 'user' });
    return JSON.parse(printed.mock.calls.map(([line]) => line).join('\n'));
  } finally {
    printed.mockRestore();
  }
}

it('moves what a running stack holds; searches go on by the old embedder, and by the new one once it is chosen, but by no other', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', running.stack.dynamodb);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', running.stack.s3);
  vi.stubEnv('AWS_REGION', region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', credentials.secretAccessKey);
  const account = ['--table', running.stack.table, '--bucket', running.stack.bucket];
  await expect(reembed(...account)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  await expect(reembed('--table', running.stack.table)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await expect(reembed('--data', running.data, '--collection', 'nobodys')).rejects.toMatchObject({
    code: 'COLLECTION_NOT_FOUND',
  });

  const moving = reembed('--data', running.data);
  const during = await search('main');
  const moved = await moving;
  expect(await reembed(...account)).toEqual({ embedder: 'dlib-resnet', moved: 0, already: 4, left: [] });
  expect(moved).toEqual({ embedder: 'dlib-resnet', moved: 4, already: 0, left: [] });
  expect(during.model).toBe('mobilefacenet-ensemble');
  expect(during.faces[0]).toMatchObject({ distance: expect.closeTo(0, 3) });
  expect(await search('main')).toEqual(during);

  const { data } = running;
  await running.stack.close();
  const failed = (error: unknown) => running.trouble.push(error);
  const start = (embedder: string) => startStack({ data, vision: { ...readVisionConfig(), embedder }, failed });
  await expect(start('mobilefacenet')).rejects.toMatchObject({
    code: 'INVALID_CONFIG',
    message: expect.stringContaining('all have those of mobilefacenet-ensemble, dlib-resnet.'),
  });
  running.stack = await start('dlib-resnet');
  const now = await search('main');
  expect(now.model).toBe('dlib-resnet');
  expect(now.faces[0]).toMatchObject({ faceId: during.faces[0]!.faceId, distance: expect.closeTo(0, 3) });
  expect((await search('other')).identity).toMatchObject({ person: 'ann' });
});
