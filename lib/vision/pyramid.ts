import { AreaPool, cutsOf, PoolingPass, type SummedRows } from './area-pool.ts';
import type { RgbImage } from './image.ts';

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
  whole?: SummedRows,
): Generator<PyramidStrip> {
  const levels = scales.map((scale, place) => new Level(photo, place, scale, settings));
  const pass = new PoolingPass(
    photo,
    levels.map((level) => level.pool),
    whole,
  );
  for (let i = pass.next(); i >= 0; i = pass.next()) {
    const strip = levels[i].poolRow(pass);
    if (strip) yield strip;
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
  readonly #input: Float32Array;
  #top = 0;

  constructor(
    { width, height }: RgbImage,
    place: number,
    scale: number,
    { pixels, leastRows, overlap }: StripSettings,
  ) {
    this.#place = place;
    this.#rows = Math.floor(height * scale + 1);
    this.#columns = Math.floor(width * scale + 1);
    this.#overlap = overlap;
    const most = Math.max(leastRows, pixels / this.#columns) - overlap;
    const strips = Math.ceil((this.#rows - overlap) / most);
    this.#stripRows = strips > 1 ? 2 * Math.ceil((this.#rows - overlap) / strips / 2) + overlap : this.#rows;
    this.#input = new Float32Array(3 * this.#stripRows * this.#columns);
    this.pool = new AreaPool(
      { left: 0, top: 0, width, height },
      cutsOf(height, this.#rows),
      cutsOf(width, this.#columns),
    );
  }

  /** Pools the next row, and answers the strip when it was its last one. */
  poolRow({ summed }: PoolingPass): PyramidStrip | undefined {
    const { row } = this.pool;
    if (row === this.#top + this.#stripRows) this.#beginStrip();
    const columns = this.#columns;
    const rows = this.#stripHeight();
    this.pool.pool(summed, this.#input, (row - this.#top) * columns, rows * columns);
    if (row + 1 < this.#top + rows) return undefined;
    return { level: this.#place, top: this.#top, rows, columns, input: this.#input.subarray(0, 3 * rows * columns) };
  }

  /** Moves the rows that the next strip shares with the finished one to its beginning. */
  #beginStrip(): void {
    const columns = this.#columns;
    const former = this.#stripHeight();
    this.#top += former - this.#overlap;
    const shared = this.#overlap * columns;
    const plane = this.#stripHeight() * columns;
    for (let channel = 0; channel < 3; channel++) {
      const end = (channel + 1) * former * columns;
      this.#input.copyWithin(channel * plane, end - shared, end);
    }
  }

  #stripHeight(): number {
    return Math.min(this.#stripRows, this.#rows - this.#top);
  }
}
