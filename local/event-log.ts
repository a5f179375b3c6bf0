import { EventEmitter, once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** An event as EventBridge delivers it. */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, UTC, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface LoggedEvent {
  /** Where the log goes on after this event, in bytes: what was read up to here need not be read again. */
  readonly position: number;
  readonly event: EventEnvelope;
}

const newline = '\n'.charCodeAt(0);

/** All events there ever were, one JSON line each, and whoever listens for more. */
export class EventLog {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #emitter = new EventEmitter<{ grown: []; event: [EventEnvelope] }>().setMaxListeners(0);
  #end: number;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, end: number) {
    this.#path = path;
    this.#file = file;
    this.#end = end;
  }

  /** Opens a log, or begins one. A line that a crash broke off is dropped: who published it was not told that it was taken. */
  static async open(path: string): Promise<EventLog> {
    const file = await open(path, 'a+');
    const { size } = await file.stat();
    const end = await endOfLastLine(file, size);
    if (end < size) await file.truncate(end);
    return new EventLog(path, file, end);
  }

  /** Where the log ends now, in bytes. */
  get end(): number {
    return this.#end;
  }

  /** Writes events down, then tells those who listen. */
  async append(events: readonly EventEnvelope[]): Promise<void> {
    const lines = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const written = this.#writing.then(async () => {
      try {
        await this.#file.appendFile(lines);
      } catch (error) {
        // A full disk can have taken a part of them.
        await this.#file.truncate(this.#end);
        throw error;
      }
      this.#end += lines.length;
    });
    this.#writing = written.catch(() => {});
    await written;
    this.#emitter.emit('grown');
    for (const event of events) this.#emitter.emit('event', event);
  }

  /** Calls back for each event from now on, until the function that it answers is called. */
  onEvent(listener: (event: EventEnvelope) => void): () => void {
    this.#emitter.on('event', listener);
    return () => this.#emitter.off('event', listener);
  }

  /** All events after a position that a LoggedEvent had (0 is the beginning), then those to come, until the signal. A position that is none counts as 0. */
  async *follow(after: number, signal: AbortSignal): AsyncGenerator<LoggedEvent> {
    let position = (await this.#isLineEnd(after)) ? after : 0;
    while (!signal.aborted) {
      for await (const line of this.#lines(position)) {
        if (signal.aborted) return;
        position += line.length + 1;
        yield { position, event: JSON.parse(line.toString()) };
      }
      if (position < this.#end) continue;
      await once(this.#emitter, 'grown', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #isLineEnd(position: number): Promise<boolean> {
    if (!Number.isSafeInteger(position) || position <= 0 || position > this.#end) return false;
    const { buffer } = await this.#file.read(Buffer.alloc(1), 0, 1, position - 1);
    return buffer[0] === newline;
  }

  async *#lines(start: number): AsyncGenerator<Buffer> {
    if (start === this.#end) return;
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(this.#path, { start, end: this.#end - 1 }) as AsyncIterable<Buffer>) {
      let from = 0;
      const bytes = Buffer.concat([rest, chunk]);
      for (let to = bytes.indexOf(newline); to >= 0; to = bytes.indexOf(newline, from)) {
        yield bytes.subarray(from, to);
        from = to + 1;
      }
      rest = bytes.subarray(from);
    }
  }
}

/** Looks back from the end for the last line that is whole. */
async function endOfLastLine(file: FileHandle, size: number): Promise<number> {
  const block = Buffer.alloc(64 * 1024);
  for (let to = size; to > 0; to -= block.length) {
    const from = Math.max(0, to - block.length);
    const { bytesRead } = await file.read(block, 0, to - from, from);
    const last = block.subarray(0, bytesRead).lastIndexOf(newline);
    if (last >= 0) return from + last + 1;
  }
  return 0;
}
