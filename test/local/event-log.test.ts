import { appendFile, mkdtemp, open as openFile, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type EventEnvelope, EventLog, type LoggedEvent } from '../../local/event-log.ts';

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'facenet-event-log-')), 'events.jsonl');
});
afterEach(() => rm(join(path, '..'), { recursive: true }));

async function open(): Promise<EventLog> {
  const log = await EventLog.open(path);
  onTestFinished(() => log.close());
  return log;
}

const envelope = (id: string, detail = {}) => ({ version: '0', id, detail }) as unknown as EventEnvelope;

/** So many events after a position. */
async function take(log: EventLog, after: number, count: number): Promise<LoggedEvent[]> {
  const stop = new AbortController();
  const taken: LoggedEvent[] = [];
  if (count === 0) return taken;
  for await (const logged of log.follow(after, stop.signal)) {
    if (taken.push(logged) === count) break;
  }
  return taken;
}

const ids = (events: readonly LoggedEvent[]) => events.map(({ event }) => event.id);

describe('the log of events', () => {
  it('has the events of earlier processes before those of its own', async () => {
    const earlier = await EventLog.open(path);
    await earlier.append([envelope('one')]);
    await earlier.close();
    const log = await open();
    await log.append([envelope('two')]);
    expect(ids(await take(log, 0, 2))).toEqual(['one', 'two']);
  });

  it('goes on after any event', async () => {
    const log = await open();
    await log.append(['one', 'zwei ü', '三'].map((id) => envelope(id)));
    const all = await take(log, 0, 3);
    expect(all.at(-1)!.position).toBe(log.end);
    expect(ids(await take(log, all[0]!.position, 2))).toEqual(['zwei ü', '三']);
    expect(ids(await take(log, all[1]!.position, 1))).toEqual(['三']);
  });

  it.each([
    ['broken off', '{"version":"0","id":"torn'],
    ['longer than what is read at once', `{"torn":"${'x'.repeat(200_000)}`],
  ])('drops a last line that is %s, and nothing else', async (_, torn) => {
    const whole = `${JSON.stringify(envelope('whole'))}\n`;
    await writeFile(path, whole + torn);
    const log = await open();
    expect(await readFile(path, 'utf8')).toBe(whole);
    await log.append([envelope('next')]);
    expect(ids(await take(log, 0, 2))).toEqual(['whole', 'next']);
  });

  it('drops what a full disk let it write of a line', async () => {
    const log = await open();
    const file = await openFile(path);
    const append = vi.spyOn(Object.getPrototypeOf(file), 'appendFile').mockImplementationOnce(async () => {
      await appendFile(path, '{"version":"0","id":"torn');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    onTestFinished(async () => {
      append.mockRestore();
      await file.close();
    });
    await expect(log.append([envelope('lost')])).rejects.toMatchObject({ code: 'ENOSPC' });
    await log.append([envelope('next')]);
    expect(ids(await take(log, 0, 1))).toEqual(['next']);
  });

  it('is empty when there is nothing but a broken line', async () => {
    await appendFile(path, 'torn');
    expect((await open()).end).toBe(0);
  });

  it('reads events that are larger than what is read at once', async () => {
    const log = await open();
    await log.append([envelope('large', { text: 'ü'.repeat(300_000) }), envelope('small')]);
    const [large, small] = await take(log, 0, 2);
    expect(large!.event.detail).toEqual({ text: 'ü'.repeat(300_000) });
    expect(small!.event.id).toBe('small');
  });

  it('keeps the order of those who write at the same time, and tells listeners after it is on disk', async () => {
    const log = await open();
    const heard: string[] = [];
    const stop = log.onEvent(({ id }) => heard.push(id));
    const wanted = Array.from({ length: 50 }, (_, i) => String(i));
    await Promise.all(wanted.map((id) => log.append([envelope(id)])));
    stop();
    await log.append([envelope('unheard')]);
    expect(heard).toEqual(wanted);
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).id)).toEqual([...wanted, 'unheard']);
  });

  it('ends to follow with the signal, also while there is nothing to tell', async () => {
    const log = await open();
    const stop = new AbortController();
    const next = log.follow(0, stop.signal).next();
    setTimeout(() => stop.abort(), 20);
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
