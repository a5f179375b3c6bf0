/** Bytes of one array of codes: large enough that a search spends its time within, small enough that the empty rest does not count. */
const chunkBytes = 64 * 1024 * 1024;
const firstRows = 64;

/**
 * The codes of vectors of one length in flat arrays, row after row, each with the slot of its vector. Adding never copies more than one array; removing moves
 * the last row into the gap, so that rows are always without gaps.
 */
export class VectorRows {
  readonly dimensions: number;
  readonly #rowsPerChunk: number;
  readonly #chunks: Int8Array<ArrayBuffer>[] = [];
  readonly #slots: number[] = [];

  constructor(dimensions: number, bytes = chunkBytes) {
    this.dimensions = dimensions;
    this.#rowsPerChunk = Math.max(1, Math.floor(bytes / dimensions));
  }

  get size(): number {
    return this.#slots.length;
  }

  slotOf(row: number): number {
    return this.#slots[row]!;
  }

  /** A view of a row; it changes when rows are removed. */
  codesOf(row: number): Int8Array {
    const start = (row % this.#rowsPerChunk) * this.dimensions;
    return this.#chunks[Math.floor(row / this.#rowsPerChunk)]!.subarray(start, start + this.dimensions);
  }

  /** The rows in flat arrays, each at the start of its buffer, with the number of the first row of each. */
  *chunks(): Generator<{ readonly codes: Int8Array; readonly firstRow: number }> {
    for (const [i, chunk] of this.#chunks.entries()) {
      const firstRow = i * this.#rowsPerChunk;
      const rows = Math.min(this.#rowsPerChunk, this.size - firstRow);
      yield { codes: chunk.subarray(0, rows * this.dimensions), firstRow };
    }
  }

  /** Adds a row, and answers its number; its codes are to be written. */
  add(slot: number): number {
    const row = this.size;
    this.#reserve(row);
    this.#slots.push(slot);
    return row;
  }

  /** Removes a row, and answers the slot of the one that is now in its place; undefined when it was the last. */
  remove(row: number): number | undefined {
    const last = this.size - 1;
    if (row !== last) {
      this.codesOf(row).set(this.codesOf(last));
      this.#slots[row] = this.#slots[last]!;
    }
    this.#slots.pop();
    if (this.size % this.#rowsPerChunk === 0) this.#chunks.length = this.size / this.#rowsPerChunk;
    return row === last ? undefined : this.#slots[row];
  }

  #reserve(row: number): void {
    const at = Math.floor(row / this.#rowsPerChunk);
    const used = (row % this.#rowsPerChunk) * this.dimensions;
    const chunk = this.#chunks[at];
    if (chunk && used < chunk.length) return;
    const rows = chunk ? 2 * (chunk.length / this.dimensions) : at === 0 ? firstRows : this.#rowsPerChunk;
    const grown = new Int8Array(Math.min(rows, this.#rowsPerChunk) * this.dimensions);
    if (chunk) grown.set(chunk);
    this.#chunks[at] = grown;
  }
}
