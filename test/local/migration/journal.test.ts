import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { MigrationJournal } from '../../../local/migration/journal.ts';

it('the journal knows what is done after a crash, and what has changed since', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'facenet-journal-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'done.jsonl');
  const first = await MigrationJournal.open(file);
  await first.add({ key: 'a.jpg', eTag: '1', id: 'alice', faces: 1 });
  await appendFile(file, '\n{"key":"b.jpg","eT');

  const next = await MigrationJournal.open(file);
  await next.add({ key: 'c.jpg', eTag: '3', faces: 0 });
  const last = await MigrationJournal.open(file);

  expect(last.has({ key: 'a.jpg', eTag: '1', id: 'alice' })).toBe(true);
  expect(last.has({ key: 'a.jpg', eTag: '2', id: 'alice' })).toBe(false);
  expect(last.has({ key: 'a.jpg', eTag: '1', id: 'bob' })).toBe(false);
  expect(last.has({ key: 'b.jpg', eTag: '2' })).toBe(false);
  expect(last.has({ key: 'c.jpg', eTag: '3' })).toBe(true);
});
