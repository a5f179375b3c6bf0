import type { S3Event } from './notifications.ts';
import type { ObjectIndex } from './object-index.ts';

/** Milliseconds until an event that was not taken is offered again. */
const retryAfter = 1000;

/**
 * Hands the events that the store wrote with its changes to whoever wants them, one at a time and in order, and forgets each when it was
 * taken: an event that the process died over, or that was refused, is offered again. So they come at least once, as S3's do.
 */
export class Outbox {
  readonly #index: ObjectIndex;
  readonly #deliver: (event: S3Event) => void | Promise<void>;
  readonly #failed: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #again = false;
  /** Where the queue starts; what is before it was taken, and LevelDB would wade through its traces. */
  #head = '';
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(index: ObjectIndex, deliver: (event: S3Event) => void | Promise<void>, failed: (error: unknown) => void) {
    this.#index = index;
    this.#deliver = deliver;
    this.#failed = failed;
  }

  /** Whether there may be something that was not taken yet. */
  get isDelivering(): boolean {
    return this.#running !== undefined || this.#retry !== undefined;
  }

  /** Says that there may be something to deliver. */
  wake(): void {
    this.#again = true;
    if (this.#closed) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again) this.wake();
    });
  }

  /** Waits for the delivery under way and starts no other; what is left is delivered after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#running;
  }

  async #run(): Promise<void> {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#again = false;
    try {
      for await (const record of this.#index.scan('outbox', '', this.#head)) {
        if (this.#closed) return;
        await this.#deliver({ Records: [record] });
        this.#head = record.s3.object.sequencer;
        await this.#index.write([{ table: 'outbox', key: this.#head }]);
      }
    } catch (error) {
      this.#failed(error);
      this.#again = false;
      this.#retry = setTimeout(() => this.wake(), retryAfter);
    }
  }
}
