import type { RgbImage, Window } from './image.ts';
import type { PoolingMemory } from './pooling-memory.ts';

/** Of one pixel in the summed-area table: four numbers of 32 bits. */
const sumBytes = 16;

/**
 * The lowest rows of the summed-area table (Crow 1984) of a part of a photo, on their way down: for each column and channel the sum of all pixels above and
 * to the left. Only as many rows are kept as the boxes that are summed with it are high. Sums wrap around at 2³², which their differences do not notice.
 */
export class SummedRows {
  readonly #memory: PoolingMemory;
  readonly #photo: RgbImage;
  readonly #bounds: Window;
  readonly #kept: number;
  readonly #stride: number;
  /** Addresses of the photo's row that is added, and of the rows that are kept. */
  readonly #pixels: number;
  readonly #rows: number;
  #lowest: number;

  constructor(memory: PoolingMemory, photo: RgbImage, bounds: Window, highestBox: number) {
    this.#memory = memory;
    this.#photo = photo;
    this.#bounds = bounds;
    this.#kept = highestBox + 1;
    this.#stride = (bounds.width + 1) * sumBytes;
    this.#pixels = memory.reserve(bounds.width * 3 + 1);
    this.#rows = memory.reserve(this.#kept * this.#stride);
    this.#lowest = bounds.top;
    memory.bytes(this.#rowAt(bounds.top), this.#stride).fill(0);
  }

  /** Address of the sum of all above row `y` and to the left of column `x`, while it is kept. */
  at(x: number, y: number): number {
    return this.#rowAt(y) + (x - this.#bounds.left) * sumBytes;
  }

  /** Takes up all rows above `y`. */
  advance(y: number): void {
    const { left, width } = this.#bounds;
    const { data, width: photoWidth } = this.#photo;
    const pixels = this.#memory.bytes(this.#pixels, width * 3);
    for (; this.#lowest < y; this.#lowest++) {
      const from = (this.#lowest * photoWidth + left) * 3;
      pixels.set(data.subarray(from, from + width * 3));
      this.#memory.kernels.addRow(this.#pixels, width, this.#rowAt(this.#lowest), this.#rowAt(this.#lowest + 1));
    }
  }

  #rowAt(y: number): number {
    return this.#rows + (y % this.#kept) * this.#stride;
  }
}
