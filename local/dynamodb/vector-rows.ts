/** Bytes of one array of codes: large enough that a search spends its time within, small enough that the empty rest does not count. */
const chunkBytes = 16 * 1024 * 1024;
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

  /** Adds the rows of consecutive slots, given their codes, and answers the number of the first. */
  add(firstSlot: number, codes: Int8Array): number {
    const firstRow = this.size;
    const { dimensions } = this;
    for (let at = 0, slot = firstSlot; at < codes.length; ) {
      const used = (this.size % this.#rowsPerChunk) * dimensions;
      const bytes = Math.min(codes.length - at, this.#rowsPerChunk * dimensions - used);
      this.#chunkWith(used + bytes).set(codes.subarray(at, at + bytes), used);
      for (const end = slot + bytes / dimensions; slot < end; slot++) this.#slots.push(slot);
      at += bytes;
    }
    return firstRow;
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

  /** The array that the next row goes into, with room for so many bytes. */
  #chunkWith(bytes: number): Int8Array {
    const at = Math.floor(this.size / this.#rowsPerChunk);
    const chunk = this.#chunks[at];
    if (chunk && bytes <= chunk.length) return chunk;
    const full = this.#rowsPerChunk * this.dimensions;
    const doubled = chunk ? 2 * chunk.length : firstRows * this.dimensions;
    const grown = new Int8Array(at === 0 ? Math.min(full, Math.max(bytes, doubled)) : full);
    if (chunk) grown.set(chunk);
    this.#chunks[at] = grown;
    return grown;
  }
}
