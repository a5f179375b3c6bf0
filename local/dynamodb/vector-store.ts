import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { encode, scaleFor } from './vector-codes.ts';
import { VectorJournal } from './vector-journal.ts';

const floatBytes = Float32Array.BYTES_PER_ELEMENT;
/** The file of codes begins with their scale, a float64. */
const headBytes = Float64Array.BYTES_PER_ELEMENT;
/** Bytes that are read at once. */
const blockBytes = 4 * 1024 * 1024;

/** Vectors of one group in consecutive slots. */
export interface StoredRun {
  readonly firstSlot: number;
  readonly group: string;
  /** One after the other, until the next run is asked for. */
  readonly codes: Int8Array;
}

/**
 * The vectors of one index on disk, so that a start need not read the whole table, and memory need not hold them. Each has a slot: its place in the file `floats`
 * (float32) and in `codes` (int8, see vector-codes.ts). A change of an item is announced in the journal before the table knows of it. Where the process dies
 * before the change is written down here, the next start finds it announced, and the item can be read again. Nothing is forced onto the disk, no more than in
 * LevelDB, which holds the items.
 */
export class VectorStore {
  readonly dimensions: number;
  readonly journal: VectorJournal;
  readonly #folder: string;
  readonly #row: Float32Array<ArrayBuffer>;
  readonly #floats: number;
  #codes: number;
  /** All vectors, where they are few: reading thousands one by one takes longer than the search. */
  #few: Float32Array<ArrayBuffer> | undefined;
  #scale = 0;

  /**
   * Opens the store in a folder, or begins one. A store that is not whole is emptied.
   * @param content what is stored, in a line: a store of anything else is emptied, too
   */
  constructor(folder: string, content: string, dimensions: number) {
    this.dimensions = dimensions;
    this.#folder = folder;
    this.#row = new Float32Array(dimensions);
    mkdirSync(folder, { recursive: true });
    this.journal = new VectorJournal(join(folder, 'journal'), content);
    this.#floats = openForUpdate(join(folder, 'floats'));
    this.#codes = openForUpdate(join(folder, 'codes'));
    if (!this.journal.isWhole || this.#isTorn()) this.#clear();
    else this.#scale = this.#readScale();
  }

  /** What a code stands for. */
  get scale(): number {
    return this.#scale;
  }

  /** The vector in a slot, until the next one is asked for. */
  vectorOf(slot: number): Float32Array {
    const { dimensions, journal } = this;
    if (journal.slots * this.#row.byteLength <= blockBytes) {
      this.#few ??= this.#readFloats(0, journal.slots);
      return this.#few.subarray(slot * dimensions, (slot + 1) * dimensions);
    }
    readSync(this.#floats, this.#row, 0, this.#row.byteLength, slot * this.#row.byteLength);
    return this.#row;
  }

  /** All vectors, in the order of their slots. */
  *runs(): Generator<StoredRun> {
    const { dimensions, journal } = this;
    const perBlock = this.#rowsOf(dimensions);
    const block = new Int8Array(perBlock * dimensions);
    for (let first = 0; first < journal.slots; first += perBlock) {
      readSync(this.#codes, block, 0, block.length, headBytes + first * dimensions);
      const end = Math.min(first + perBlock, journal.slots);
      for (let firstSlot = first, slot = first; firstSlot < end; firstSlot = slot) {
        const group = journal.groupOf(firstSlot);
        while (slot < end && journal.groupOf(slot) === group) slot++;
        if (group === undefined) continue;
        yield {
          firstSlot,
          group,
          codes: block.subarray((firstSlot - first) * dimensions, (slot - first) * dimensions),
        };
      }
    }
  }

  /** Puts a vector with its codes, and answers its slot: a key that is known keeps its own. */
  put(key: string, group: string, vector: Float32Array, codes: Int8Array): number {
    this.#few = undefined;
    const slot = this.journal.slotFor(key);
    writeSync(this.#floats, vector, 0, vector.byteLength, slot * vector.byteLength);
    writeSync(this.#codes, codes, 0, codes.length, headBytes + slot * codes.length);
    this.journal.put(key, slot, group);
    return slot;
  }

  /** Removes the vector of a key, of which nothing stays, and answers the slot that it had; undefined when there is none. */
  remove(key: string): number | undefined {
    const slot = this.journal.slotOf(key);
    if (slot === undefined) return undefined;
    this.#few = undefined;
    const nothing = new Uint8Array(this.#row.byteLength);
    writeSync(this.#floats, nothing, 0, nothing.length, slot * nothing.length);
    writeSync(this.#codes, nothing, 0, this.dimensions, headBytes + slot * this.dimensions);
    this.journal.remove(key);
    return slot;
  }

  /** Encodes all vectors anew, by a scale that has room for a component as large as this. */
  rescale(largest: number): void {
    const { dimensions } = this;
    const path = join(this.#folder, 'codes');
    const draft = openSync(`${path}.new`, 'w+');
    this.#scale = scaleFor(largest);
    writeSync(draft, new Float64Array([this.#scale]));
    const perBlock = this.#rowsOf(dimensions * floatBytes);
    const floats = new Float32Array(perBlock * dimensions);
    const codes = new Int8Array(perBlock * dimensions);
    for (let slot = 0; slot < this.journal.slots; slot += perBlock) {
      const rows = Math.min(perBlock, this.journal.slots - slot);
      readSync(this.#floats, floats, 0, rows * dimensions * floatBytes, slot * dimensions * floatBytes);
      encode(floats, this.#scale, codes);
      writeSync(draft, codes, 0, rows * dimensions);
    }
    renameSync(`${path}.new`, path);
    closeSync(this.#codes);
    this.#codes = draft;
  }

  close(): void {
    this.journal.close();
    closeSync(this.#floats);
    closeSync(this.#codes);
  }

  /** Closes the store and deletes it. */
  destroy(): void {
    this.close();
    rmSync(this.#folder, { recursive: true });
  }

  #readFloats(slot: number, rows: number): Float32Array<ArrayBuffer> {
    const floats = new Float32Array(rows * this.dimensions);
    readSync(this.#floats, floats, 0, floats.byteLength, slot * this.#row.byteLength);
    return floats;
  }

  /** How many rows of so many bytes are read at once. */
  #rowsOf(bytes: number): number {
    return Math.max(1, Math.min(this.journal.slots, Math.floor(blockBytes / bytes)));
  }

  /** Whether a file has lost a part of what the journal speaks of, as after a power failure. */
  #isTorn(): boolean {
    const components = this.journal.slots * this.dimensions;
    return (
      fstatSync(this.#floats).size < components * floatBytes || fstatSync(this.#codes).size < components + headBytes
    );
  }

  #readScale(): number {
    const scale = new Float64Array(1);
    readSync(this.#codes, scale, 0, headBytes, 0);
    return scale[0]!;
  }

  #clear(): void {
    this.#few = undefined;
    this.journal.clear();
    ftruncateSync(this.#floats);
    ftruncateSync(this.#codes, headBytes);
  }
}

/** Opens a file to be read and written anywhere; makes it when it is missing. */
function openForUpdate(path: string): number {
  closeSync(openSync(path, 'a'));
  return openSync(path, 'r+');
}
