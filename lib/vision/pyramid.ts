import { AreaPool, PoolingPass } from './area-pool.ts';
import type { RgbImage } from './image.ts';
import { PoolingMemory } from './pooling-memory.ts';

/** A strip of a pyramid level, as wide as the level. */
export interface PyramidStrip {
  /** Place of the level's scale. */
  readonly level: number;
  /** Which row of the level is the strip's first; an even number. */
  readonly top: number;
  readonly rows: number;
  readonly columns: number;
  /** Three planes (R, G, B) of rows × columns, each value (byte − 127.5) / 128; valid until the next strip is asked for. */
  readonly input: Float32Array;
}

/** How strips are cut: about how many pixels one has, how many rows at least, and how many it shares with the next, an even number. */
export interface StripSettings {
  readonly pixels: number;
  readonly leastRows: number;
  readonly overlap: number;
}

/**
 * Makes all levels of a photo's pyramid in one pass over the photo, strip by strip. A level of scale s has floor(height·s + 1) rows and
 * floor(width·s + 1) columns, pooled by area; scales are at most 1.
 */
export function* pyramidStrips(
  photo: RgbImage,
  scales: readonly number[],
  settings: StripSettings,
): Generator<PyramidStrip> {
  if (scales.length === 0) return;
  const memory = PoolingMemory.take();
  try {
    const levels = scales.map((scale, place) => new Level(memory, photo, place, scale, settings));
    const pass = new PoolingPass(
      memory,
      photo,
      levels.map(({ pool }) => pool),
    );
    for (let i = pass.next(); i >= 0; i = pass.next()) {
      const strip = levels[i].poolRow(pass);
      if (strip) yield strip;
    }
  } finally {
    memory.release();
  }
}

/** One level of the pyramid while it comes into being. */
class Level {
  readonly pool: AreaPool;
  readonly #place: number;
  readonly #rows: number;
  readonly #columns: number;
  readonly #overlap: number;
  /** Rows of each strip but the last. */
  readonly #stripRows: number;
  readonly #memory: PoolingMemory;
  /** Address of the strip that comes into being. */
  readonly #input: number;
  #top = 0;

  constructor(
    memory: PoolingMemory,
    { width, height }: RgbImage,
    place: number,
    scale: number,
    { pixels, leastRows, overlap }: StripSettings,
  ) {
    this.#memory = memory;
    this.#place = place;
    this.#rows = Math.floor(height * scale + 1);
    this.#columns = Math.floor(width * scale + 1);
    this.#overlap = overlap;
    const most = Math.max(leastRows, pixels / this.#columns) - overlap;
    const strips = Math.ceil((this.#rows - overlap) / most);
    this.#stripRows = strips > 1 ? 2 * Math.ceil((this.#rows - overlap) / strips / 2) + overlap : this.#rows;
    this.#input = memory.reserve(4 * 3 * this.#stripRows * this.#columns);
    this.pool = new AreaPool({ left: 0, top: 0, width, height }, this.#rows, this.#columns);
  }

  /** Pools the next row, and answers the strip when it was its last one. */
  poolRow(pass: PoolingPass): PyramidStrip | undefined {
    const { row } = this.pool;
    if (row === this.#top + this.#stripRows) this.#beginStrip();
    const columns = this.#columns;
    const rows = this.#stripHeight();
    this.pool.pool(pass, this.#input + 4 * (row - this.#top) * columns, 4 * rows * columns);
    if (row + 1 < this.#top + rows) return undefined;
    return { level: this.#place, top: this.#top, rows, columns, input: this.#strip(rows) };
  }

  /** Moves the rows that the next strip shares with the finished one to its beginning. */
  #beginStrip(): void {
    const columns = this.#columns;
    const former = this.#stripHeight();
    const strip = this.#strip(former);
    this.#top += former - this.#overlap;
    const shared = this.#overlap * columns;
    const plane = this.#stripHeight() * columns;
    for (let channel = 0; channel < 3; channel++) {
      const end = (channel + 1) * former * columns;
      strip.copyWithin(channel * plane, end - shared, end);
    }
  }

  #stripHeight(): number {
    return Math.min(this.#stripRows, this.#rows - this.#top);
  }

  #strip(rows: number): Float32Array {
    return this.#memory.floats(this.#input, 3 * rows * this.#columns);
  }
}
