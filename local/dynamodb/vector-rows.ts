/** Bytes of one array of vectors: large enough that a search spends its time within, small enough that the empty rest does not count. */
const chunkBytes = 64 * 1024 * 1024;
const firstRows = 64;

/**
 * Vectors of one length in flat arrays, row after row, with the key of the item that each belongs to. Adding never copies more than one array; removing
 * moves the last row into the gap, so that rows are always without gaps.
 */
export class VectorRows {
  readonly dimensions: number;
  readonly #rowsPerChunk: number;
  readonly #chunks: Float32Array<ArrayBuffer>[] = [];
  readonly #keys: string[] = [];
  readonly #rowOfKey = new Map<string, number>();

  constructor(dimensions: number, bytes = chunkBytes) {
    this.dimensions = dimensions;
    this.#rowsPerChunk = Math.max(1, Math.floor(bytes / (dimensions * Float32Array.BYTES_PER_ELEMENT)));
  }

  get size(): number {
    return this.#keys.length;
  }

  keyOf(row: number): string {
    return this.#keys[row]!;
  }

  /** A view of a row; it changes when rows are removed. */
  vectorOf(row: number): Float32Array {
    const start = (row % this.#rowsPerChunk) * this.dimensions;
    return this.#chunks[Math.floor(row / this.#rowsPerChunk)]!.subarray(start, start + this.dimensions);
  }

  /** The rows in flat arrays, each at the start of its buffer, with the number of the first row of each. */
  *chunks(): Generator<{ readonly vectors: Float32Array; readonly firstRow: number }> {
    for (const [i, chunk] of this.#chunks.entries()) {
      const firstRow = i * this.#rowsPerChunk;
      const rows = Math.min(this.#rowsPerChunk, this.size - firstRow);
      yield { vectors: chunk.subarray(0, rows * this.dimensions), firstRow };
    }
  }

  /** Adds a vector, or overwrites the one of the same key. */
  set(key: string, vector: Float32Array): void {
    let row = this.#rowOfKey.get(key);
    if (row === undefined) {
      row = this.size;
      this.#reserve(row);
      this.#keys.push(key);
      this.#rowOfKey.set(key, row);
    }
    this.vectorOf(row).set(vector);
  }

  /** False when there is no such key. */
  delete(key: string): boolean {
    const row = this.#rowOfKey.get(key);
    if (row === undefined) return false;
    const last = this.size - 1;
    if (row !== last) {
      const moved = this.#keys[last]!;
      this.vectorOf(row).set(this.vectorOf(last));
      this.#keys[row] = moved;
      this.#rowOfKey.set(moved, row);
    }
    this.#keys.pop();
    this.#rowOfKey.delete(key);
    if (this.size % this.#rowsPerChunk === 0) this.#chunks.length = this.size / this.#rowsPerChunk;
    return true;
  }

  #reserve(row: number): void {
    const at = Math.floor(row / this.#rowsPerChunk);
    const used = (row % this.#rowsPerChunk) * this.dimensions;
    const chunk = this.#chunks[at];
    if (chunk && used < chunk.length) return;
    const rows = chunk ? 2 * (chunk.length / this.dimensions) : at === 0 ? firstRows : this.#rowsPerChunk;
    const grown = new Float32Array(Math.min(rows, this.#rowsPerChunk) * this.dimensions);
    if (chunk) grown.set(chunk);
    this.#chunks[at] = grown;
  }
}
