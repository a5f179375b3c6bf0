import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { readVisionConfig } from '../../../lib/config.ts';
import { ApiClient } from '../../../local/api-client.ts';
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
afterAll(() => running.close());

const search = (collection: string) => new ApiClient(running.stack.api).search(sample(1), collection, 5);

it('moves what a running stack holds; searches go on by the old embedder, and by the new one once it is chosen', async () => {
  const printed = vi.spyOn(console, 'log').mockImplementation(() => {});
  const moving = reembedCommand().parseAsync(['dlib-resnet', '--data', running.data, '--json'], { from: 'user' });
  const during = await search('main');
  await moving;
  const moved = JSON.parse(printed.mock.calls.map(([line]) => line).join('\n'));
  printed.mockRestore();
  expect(moved).toEqual({ embedder: 'dlib-resnet', moved: 4, already: 0, left: [] });
  expect(during.model).toBe('mobilefacenet');
  expect(during.faces[0]).toMatchObject({ distance: expect.closeTo(0, 3) });
  expect(await search('main')).toEqual(during);

  const { data } = running;
  await running.stack.close();
  const failed = (error: unknown) => running.trouble.push(error);
  running.stack = await startStack({ data, vision: { ...readVisionConfig(), embedder: 'dlib-resnet' }, failed });
  const now = await search('main');
  expect(now.model).toBe('dlib-resnet');
  expect(now.faces[0]).toMatchObject({ faceId: during.faces[0]!.faceId, distance: expect.closeTo(0, 3) });
  expect((await search('other')).identity).toMatchObject({ person: 'ann' });
});
