import type { RgbImage } from './image.ts';

/** A window of whole pixels that lies inside its image. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Pixels of a photo whose summed-area table is kept whole: it takes twelve bytes for each, 192 MB at the most. */
const mostPixelsKept = 16_000_000;

/** Bytes of a table that is held for the next photo, one of 5 megapixels. */
const mostBytesHeld = 64 * 1024 * 1024;

/** A table that is not in use, for the next photo: to touch new memory for the first time takes longer than to sum up. A larger one the garbage collector may take first. */
let spare: Pick<WeakRef<Int32Array>, 'deref'> | undefined;

function takeSums(length: number): Int32Array {
  const sums = spare?.deref();
  spare = undefined;
  return sums && sums.length >= length ? sums : new Int32Array(length);
}

/**
 * The lowest rows of the summed-area table (Crow 1984) of a part of a photo, on their way down: for each column and channel the sum of all pixels above and
 * to the left. Only as many rows are kept as the boxes that are summed with it are high. Sums wrap around at 2³², which their differences do not notice.
 */
export class SummedRows {
  /** The rows that are kept, one after the other, R G B for each column. */
  readonly sums: Int32Array;
  readonly #photo: RgbImage;
  readonly #bounds: Window;
  readonly #kept: number;
  readonly #stride: number;
  /** The row that is added, filled up to whole words, as bytes and as words. */
  readonly #row: Uint8Array;
  readonly #words: Int32Array;
  #lowest: number;

  constructor(photo: RgbImage, bounds: Window, highestBox: number) {
    this.#photo = photo;
    this.#bounds = bounds;
    this.#kept = highestBox + 1;
    const fours = Math.ceil(bounds.width / 4);
    this.#stride = (fours * 4 + 1) * 3;
    this.#words = new Int32Array(fours * 3);
    this.#row = new Uint8Array(this.#words.buffer);
    this.sums = takeSums(this.#kept * this.#stride);
    this.sums.fill(0, this.#rowAt(bounds.top), this.#rowAt(bounds.top) + this.#stride);
    this.#lowest = bounds.top;
  }

  /** The whole table of a photo, to be filled as the first pass needs it and used by all; undefined where it would take too much memory. */
  static whole(photo: RgbImage): SummedRows | undefined {
    const { width, height } = photo;
    if (width * height > mostPixelsKept) return undefined;
    return new SummedRows(photo, { left: 0, top: 0, width, height }, height);
  }

  /** Where in `sums` column 0 of the photo lies, were it there, in the row that sums up all above row `y`. */
  at(y: number): number {
    return this.#rowAt(y) - this.#bounds.left * 3;
  }

  /** Leaves its memory to the next; it must not be used any more. */
  release(): void {
    const { sums } = this;
    spare = sums.byteLength <= mostBytesHeld ? { deref: () => sums } : new WeakRef(sums);
  }

  /** Takes up all rows above `y`. */
  advance(y: number): void {
    for (; this.#lowest < y; this.#lowest++) this.#addRow(this.#lowest);
  }

  #rowAt(y: number): number {
    return (y % this.#kept) * this.#stride;
  }

  /** Four pixels at a time, which are three words of four bytes, the first in the lowest bits: reading bytes one by one takes half as long again. */
  #addRow(y: number): void {
    const { sums } = this;
    const { left, width } = this.#bounds;
    const { data, width: photoWidth } = this.#photo;
    const from = (y * photoWidth + left) * 3;
    this.#row.set(data.subarray(from, from + width * 3));
    const words = this.#words;
    let above = this.#rowAt(y) + 3;
    let to = this.#rowAt(y + 1) + 3;
    sums.fill(0, to - 3, to);
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let word = 0; word < words.length; word += 3, above += 12, to += 12) {
      const rgbr = words[word];
      const gbrg = words[word + 1];
      const brgb = words[word + 2];
      red += rgbr & 255;
      green += (rgbr >>> 8) & 255;
      blue += (rgbr >>> 16) & 255;
      sums[to] = sums[above] + red;
      sums[to + 1] = sums[above + 1] + green;
      sums[to + 2] = sums[above + 2] + blue;
      red += rgbr >>> 24;
      green += gbrg & 255;
      blue += (gbrg >>> 8) & 255;
      sums[to + 3] = sums[above + 3] + red;
      sums[to + 4] = sums[above + 4] + green;
      sums[to + 5] = sums[above + 5] + blue;
      red += (gbrg >>> 16) & 255;
      green += gbrg >>> 24;
      blue += brgb & 255;
      sums[to + 6] = sums[above + 6] + red;
      sums[to + 7] = sums[above + 7] + green;
      sums[to + 8] = sums[above + 8] + blue;
      red += (brgb >>> 8) & 255;
      green += (brgb >>> 16) & 255;
      blue += brgb >>> 24;
      sums[to + 9] = sums[above + 9] + red;
      sums[to + 10] = sums[above + 10] + green;
      sums[to + 11] = sums[above + 11] + blue;
    }
  }
}

/**
 * How `length` pixels become `count`: the first source pixel of each, and the one after its last, as MTCNN's reference takes them (PyTorch's adaptive
 * average pooling): from floor(i·length/count) to ceil((i+1)·length/count).
 */
export function cutsOf(length: number, count: number): Int32Array {
  const cuts = new Int32Array(2 * count);
  for (let i = 0; i < count; i++) {
    cuts[2 * i] = Math.floor((i * length) / count);
    cuts[2 * i + 1] = Math.ceil(((i + 1) * length) / count);
  }
  return cuts;
}

/** A window of a photo that is pooled by area into standardised planes, (mean byte − 127.5) / 128, a row after the other as a `PoolingPass` reaches them. */
export class AreaPool {
  readonly window: Window;
  /** The row that is pooled next. */
  row = 0;
  readonly #rows: Int32Array;
  readonly #columns: Int32Array;

  /** @param rows the cuts of the window's height, and @param columns of its width */
  constructor(window: Window, rows: Int32Array, columns: Int32Array) {
    this.window = window;
    this.#rows = rows;
    this.#columns = columns;
  }

  /** The photo's row above which all of the next row's source pixels lie; Infinity after the last. */
  get due(): number {
    return 2 * this.row < this.#rows.length ? this.window.top + this.#rows[2 * this.row + 1] : Number.POSITIVE_INFINITY;
  }

  /** No box of pixels that becomes one pixel is higher. */
  get highestBox(): number {
    return Math.min(this.window.height, Math.ceil((2 * this.window.height) / this.#rows.length) + 1);
  }

  /** Writes the next row into each of three planes, from `to` on, planes being `plane` apart. */
  pool(summed: SummedRows, out: Float32Array, to: number, plane: number): void {
    const { left, top } = this.window;
    const { sums } = summed;
    const cuts = this.#columns;
    const first = this.#rows[2 * this.row];
    const end = this.#rows[2 * this.row + 1];
    const upper = summed.at(top + first) + left * 3;
    const lower = summed.at(top + end) + left * 3;
    const share = 1 / ((end - first) * 128);
    this.row++;
    for (let i = 0, at = to; i < cuts.length; i += 2, at++) {
      const before = cuts[i] * 3;
      const after = cuts[i + 1] * 3;
      const scale = share / (cuts[i + 1] - cuts[i]);
      const a = upper + before;
      const b = upper + after;
      const c = lower + before;
      const d = lower + after;
      out[at] = ((sums[d] - sums[c] - sums[b] + sums[a]) | 0) * scale - 127.5 / 128;
      out[at + plane] = ((sums[d + 1] - sums[c + 1] - sums[b + 1] + sums[a + 1]) | 0) * scale - 127.5 / 128;
      out[at + 2 * plane] = ((sums[d + 2] - sums[c + 2] - sums[b + 2] + sums[a + 2]) | 0) * scale - 127.5 / 128;
    }
  }
}

/**
 * Goes down a photo once and answers the places of the pools as their next rows come up. Whoever asks takes that row with `pool` before going on.
 */
export class PoolingPass {
  readonly summed: SummedRows;
  readonly #pools: readonly AreaPool[];
  /** For each row of the photo a chain of the pools that are due there, so that a row costs what happens in it, however many pools there are. */
  readonly #due: Int32Array;
  readonly #chain: Int32Array;
  #y: number;
  #taken = -1;

  /** @param whole the table, where it is kept */
  constructor(photo: RgbImage, pools: readonly AreaPool[], whole: SummedRows | undefined) {
    const bounds = boundsOf(pools);
    let highestBox = 0;
    this.#pools = pools;
    this.#due = new Int32Array(bounds.top + bounds.height + 1).fill(-1);
    this.#chain = new Int32Array(pools.length);
    for (let place = 0; place < pools.length; place++) {
      highestBox = Math.max(highestBox, pools[place].highestBox);
      this.#enqueue(place);
    }
    this.summed = whole ?? new SummedRows(photo, bounds, highestBox);
    this.#y = bounds.top;
  }

  /** The place of a pool whose next row can be taken; −1 at the end. */
  next(): number {
    if (this.#taken >= 0) this.#enqueue(this.#taken);
    const due = this.#due;
    while (this.#y < due.length && due[this.#y] < 0) this.#y++;
    if (this.#y === due.length) return -1;
    this.summed.advance(this.#y);
    this.#taken = due[this.#y];
    due[this.#y] = this.#chain[this.#taken];
    return this.#taken;
  }

  #enqueue(place: number): void {
    const y = this.#pools[place].due;
    if (y >= this.#due.length) return;
    this.#chain[place] = this.#due[y];
    this.#due[y] = place;
  }
}

/** The smallest window around all windows. */
function boundsOf(pools: readonly AreaPool[]): Window {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = 0;
  let bottom = 0;
  for (const { window } of pools) {
    left = Math.min(left, window.left);
    top = Math.min(top, window.top);
    right = Math.max(right, window.left + window.width);
    bottom = Math.max(bottom, window.top + window.height);
  }
  return { left, top, width: right - left, height: bottom - top };
}

/** Pools windows of a photo, each into three planes (R, G, B) of `side` × `side` in `out`, one window after the other. */
export function poolWindows(
  photo: RgbImage,
  windows: readonly Window[],
  side: number,
  out: Float32Array,
  whole?: SummedRows,
): void {
  const plane = side * side;
  const cuts = new Map<number, Int32Array>();
  const cutsFor = (length: number) => {
    const known = cuts.get(length);
    if (known) return known;
    const made = cutsOf(length, side);
    cuts.set(length, made);
    return made;
  };
  const pools = windows.map((window) => new AreaPool(window, cutsFor(window.height), cutsFor(window.width)));
  const bounds = boundsOf(pools);
  const all = windows.reduce((sum, { width, height }) => sum + width * height, 0);
  // Few small windows are pooled one by one; many share one pass over what is around them all.
  const together = whole || all > bounds.width * bounds.height;
  for (let from = 0; from < pools.length; from += together ? pools.length : 1) {
    const some = together ? pools : [pools[from]];
    const pass = new PoolingPass(photo, some, whole);
    for (let i = pass.next(); i >= 0; i = pass.next()) {
      some[i].pool(pass.summed, out, (from + i) * 3 * plane + some[i].row * side, plane);
    }
  }
}
