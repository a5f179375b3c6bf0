import type { DataFiles } from './data-files.ts';
import { type EventName, eventRecordOf } from './notifications.ts';
import type { ObjectIndex, ObjectVersion, PendingChange, Write } from './object-index.ts';
import type { Outbox } from './outbox.ts';

/** Microseconds and a bit in a millisecond: sequencers are time shifted by this, so that they grow across restarts and still count within one. */
const countBits = 20n;
const lastSequencer = { table: 'sequencer', key: 'last' } as const;

/** What happened, for the event that says so. */
export interface Happened {
  readonly name: EventName;
  readonly bucket: string;
  readonly version: ObjectVersion;
  readonly sequencer: string;
}

/**
 * Makes a change of files and index whole: it is written down first, then done, then the index follows together with the event. What was
 * written down when the process died is done at the next start; what was not has not happened.
 */
export class ChangeLog {
  readonly #index: ObjectIndex;
  readonly #files: DataFiles;
  readonly #outbox: Outbox;
  readonly #region: string;
  #last = 0n;

  constructor(index: ObjectIndex, files: DataFiles, outbox: Outbox, region: string) {
    this.#index = index;
    this.#files = files;
    this.#outbox = outbox;
    this.#region = region;
  }

  /** A sequencer greater than every one before it, also before a restart or a step back of the clock: 16 hexadecimal digits. */
  nextSequencer(): string {
    const now = BigInt(Date.now()) << countBits;
    this.#last = now > this.#last ? now : this.#last + 1n;
    return this.#last.toString(16).toUpperCase().padStart(16, '0');
  }

  /** Does a change and, where something happened, announces it. */
  async commit(change: Partial<PendingChange>, happened: Happened): Promise<void> {
    const { sequencer } = happened;
    const record = eventRecordOf(happened.name, happened.bucket, this.#region, happened.version, sequencer);
    const whole: PendingChange = {
      ...change,
      drop: change.drop ?? [],
      writes: [
        ...(change.writes ?? []),
        { ...lastSequencer, value: sequencer },
        { table: 'outbox', key: sequencer, value: record },
      ],
    };
    const entry: Write = { table: 'pending', key: sequencer };
    await this.#index.write([{ ...entry, value: whole }]);
    await this.#finish(entry, whole);
    this.#outbox.wake();
  }

  /** Finishes what the process died over. */
  async recover(): Promise<void> {
    const last = await this.#index.get(lastSequencer.table, lastSequencer.key);
    this.#last = BigInt(`0x${last ?? '0'}`);
    for await (const change of this.#index.scan('pending', '')) {
      const sequencer = change.writes.find(({ table }) => table === 'outbox')!.key;
      if (BigInt(`0x${sequencer}`) > this.#last) this.#last = BigInt(`0x${sequencer}`);
      await this.#finish({ table: 'pending', key: sequencer }, change);
    }
    await this.#files.clearArriving();
    this.#outbox.wake();
  }

  async #finish(entry: Write, { keep, place, drop, writes }: PendingChange): Promise<void> {
    try {
      if (keep) await this.#files.keep(keep.from, keep.to);
      if (place) await this.#files.place(place.from, place.to);
    } catch (error) {
      await this.#index.write([entry]);
      throw error;
    }
    for (const location of drop) await this.#files.drop(location);
    await this.#index.write([...writes, entry]);
  }
}
