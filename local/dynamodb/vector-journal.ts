import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';

/** Bytes that are read at once. */
const blockBytes = 4 * 1024 * 1024;
/** Lines that are written at once. */
const linesAtOnce = 10_000;
/** Lines that a journal may have beside two for each vector before it is written anew. */
const spareLines = 100_000;

const tab = '\t'.charCodeAt(0);
const newline = '\n'.charCodeAt(0);
/**
 * What the first character of a line says: a vector was put (slot, group, key), or removed (slot); items are about to change (number, keys), that change is settled
 * (number); all vectors are there.
 */
const sign = { put: '+', removed: '-', announced: '?', settled: '=', whole: '!' } as const;

/**
 * Which item's vector lies in which slot of a VectorStore: a file of lines, to which every change appends one, and what they come to, in memory. Keys and groups
 * are JSON, so neither has a tab or a line end in it.
 */
export class VectorJournal {
  readonly #path: string;
  readonly #head: string;
  /** Made at the first change: no search asks for it, and with a million keys it takes a second. */
  #slotOfKey: Map<string, number> | undefined;
  readonly #keys: (string | undefined)[] = [];
  readonly #groups: (string | undefined)[] = [];
  readonly #free: number[] = [];
  /** Changes that were announced and not settled: the keys of each. */
  readonly #changes = new Map<number, readonly string[]>();
  #lastChange = 0;
  #isWhole = false;
  #lines = 0;
  #file: number;

  /**
   * Opens a journal, or begins one. A line that a crash broke off is dropped.
   * @param head its first line: a journal that begins with another is emptied
   */
  constructor(path: string, head: string) {
    this.#path = path;
    this.#head = head;
    this.#file = openSync(path, 'a+');
    if (!this.#load()) this.clear();
    this.#rewriteWhenLong();
  }

  /** How many vectors there are. */
  get size(): number {
    return this.#keys.length - this.#free.length;
  }

  /** How many slots there are, those without a vector among them. */
  get slots(): number {
    return this.#keys.length;
  }

  /** Whether it was said that all vectors are there. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The changes that were announced and not settled: their numbers, and the keys of their items. */
  get changes(): ReadonlyMap<number, readonly string[]> {
    return this.#changes;
  }

  slotOf(key: string): number | undefined {
    return this.#slotsByKey().get(key);
  }

  /** The key of a slot; undefined when no vector is in it. */
  keyOf(slot: number): string | undefined {
    return this.#keys[slot];
  }

  /** The group that the vector of a slot was put with; undefined when no vector is in it. */
  groupOf(slot: number): string | undefined {
    return this.#groups[slot];
  }

  /** The slot for a key: the one that it has, or a free one. */
  slotFor(key: string): number {
    return this.slotOf(key) ?? this.#free.at(-1) ?? this.#keys.length;
  }

  /** Writes down that items are about to change, and answers the number of the change. */
  announce(keys: readonly string[]): number {
    const change = ++this.#lastChange;
    this.#changes.set(change, keys);
    this.#append(announcementOf(change, keys));
    return change;
  }

  /** Writes down that what came of a change is written down. */
  settle(change: number): void {
    this.#changes.delete(change);
    this.#append(sign.settled + change);
  }

  markWhole(): void {
    this.#isWhole = true;
    this.#append(sign.whole);
  }

  /** Writes down that the vector of a key is in the slot that `slotFor` told. */
  put(key: string, slot: number, group: string): void {
    if (slot === this.#free.at(-1)) this.#free.pop();
    this.#slotsByKey().set(key, slot);
    this.#put(key, slot, group);
    this.#append(lineOf(key, slot, group));
  }

  /** Writes down that a key has no vector any more, and frees its slot. */
  remove(key: string): void {
    const slot = this.slotOf(key);
    if (slot === undefined) return;
    this.#slotsByKey().delete(key);
    this.#remove(slot);
    this.#free.push(slot);
    this.#append(sign.removed + slot);
  }

  /** Forgets everything. */
  clear(): void {
    ftruncateSync(this.#file);
    this.#slotOfKey = undefined;
    for (const list of [this.#keys, this.#groups, this.#free]) list.length = 0;
    this.#changes.clear();
    this.#isWhole = false;
    this.#lines = 0;
    this.#append(this.#head);
  }

  close(): void {
    closeSync(this.#file);
  }

  #slotsByKey(): Map<string, number> {
    if (!this.#slotOfKey) {
      this.#slotOfKey = new Map();
      for (const [slot, key] of this.#keys.entries()) if (key !== undefined) this.#slotOfKey.set(key, slot);
    }
    return this.#slotOfKey;
  }

  #put(key: string, slot: number, group: string): void {
    this.#keys[slot] = key;
    this.#groups[slot] = group;
  }

  #remove(slot: number): void {
    this.#keys[slot] = undefined;
    this.#groups[slot] = undefined;
  }

  #append(line: string): void {
    writeSync(this.#file, `${line}\n`);
    this.#lines++;
    this.#rewriteWhenLong();
  }

  /** False when it is empty, or one of something else. */
  #load(): boolean {
    // Of the few groups that there are each vector gets the same string.
    const groups = new Map<string, string>();
    const end = this.#readLines((block, start, end) => {
      if (this.#lines++ > 0) this.#take(block, start, end, groups);
      else if (block.toString('utf8', start, end) !== this.#head) return false;
      return true;
    });
    if (end === undefined || this.#lines === 0) return false;
    ftruncateSync(this.#file, end);
    for (let slot = this.#keys.length - 1; slot >= 0; slot--) if (this.#keys[slot] === undefined) this.#free.push(slot);
    return true;
  }

  #take(block: Buffer, start: number, end: number, groups: Map<string, string>): void {
    const first = String.fromCharCode(block[start]!);
    if (first === sign.put) {
      const group = block.indexOf(tab, start) + 1;
      const key = block.indexOf(tab, group) + 1;
      const name = block.toString('utf8', group, key - 1);
      if (!groups.has(name)) groups.set(name, name);
      // Not cut out of a longer string, which it would keep alive.
      this.#put(
        block.toString('utf8', key, end),
        Number(block.toString('latin1', start + 1, group - 1)),
        groups.get(name)!,
      );
      return;
    }
    const rest = block.toString('utf8', start + 1, end);
    if (first === sign.removed) this.#remove(Number(rest));
    else if (first === sign.settled) this.#changes.delete(Number(rest));
    else if (first === sign.whole) this.#isWhole = true;
    else if (first === sign.announced) {
      const [change, ...keys] = rest.split('\t');
      this.#changes.set(Number(change), keys);
      this.#lastChange = Number(change);
    }
  }

  /** Calls back with each whole line, and answers where the last one ends; undefined as soon as a callback says false. */
  #readLines(take: (block: Buffer, start: number, end: number) => boolean): number | undefined {
    let block = Buffer.alloc(Math.min(blockBytes, fstatSync(this.#file).size + 1));
    let read = 0;
    let rest = 0;
    for (let bytes = -1; bytes !== 0; read += bytes) {
      if (rest === block.length) block = Buffer.concat([block], 2 * block.length);
      bytes = readSync(this.#file, block, rest, block.length - rest, read);
      const filled = rest + bytes;
      let start = 0;
      for (let end = block.indexOf(newline); end >= 0 && end < filled; end = block.indexOf(newline, start)) {
        if (!take(block, start, end)) return undefined;
        start = end + 1;
      }
      block.copyWithin(0, start, filled);
      rest = filled - start;
    }
    return read - rest;
  }

  #rewriteWhenLong(): void {
    if (this.#lines <= 2 * this.size + spareLines) return;
    const draft = openSync(`${this.#path}.new`, 'w');
    this.#lines = 0;
    for (const lines of batchesOf(this.#linesOfState(), linesAtOnce)) {
      writeSync(draft, `${lines.join('\n')}\n`);
      this.#lines += lines.length;
    }
    closeSync(draft);
    renameSync(`${this.#path}.new`, this.#path);
    closeSync(this.#file);
    this.#file = openSync(this.#path, 'a+');
  }

  *#linesOfState(): Generator<string> {
    yield this.#head;
    for (const [change, keys] of this.#changes) yield announcementOf(change, keys);
    if (this.#isWhole) yield sign.whole;
    for (const [slot, key] of this.#keys.entries()) {
      if (key !== undefined) yield lineOf(key, slot, this.#groups[slot]!);
    }
  }
}

function lineOf(key: string, slot: number, group: string): string {
  return `${sign.put}${slot}\t${group}\t${key}`;
}

function announcementOf(change: number, keys: readonly string[]): string {
  return [`${sign.announced}${change}`, ...keys].join('\t');
}

function* batchesOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
