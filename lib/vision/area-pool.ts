import type { RgbImage, Window } from './image.ts';
import type { PoolingMemory } from './pooling-memory.ts';
import { SummedRows } from './summed-rows.ts';

/**
 * A window of a photo that is pooled by area into standardised planes, (mean byte − 127.5) / 128, a row after the other as a `PoolingPass` reaches them.
 * Of `length` pixels that become `count`, each takes those from floor(i·length/count) to ceil((i+1)·length/count), as in MTCNN's reference (PyTorch's
 * adaptive average pooling).
 */
export class AreaPool {
  readonly window: Window;
  readonly #rows: number;
  readonly #columns: number;
  #row = 0;

  constructor(window: Window, rows: number, columns: number) {
    this.window = window;
    this.#rows = rows;
    this.#columns = columns;
  }

  /** The row that is pooled next. */
  get row(): number {
    return this.#row;
  }

  /** The photo's row above which all of the next row's source pixels lie; Infinity after the last. */
  get due(): number {
    if (this.#row === this.#rows) return Number.POSITIVE_INFINITY;
    return this.window.top + Math.ceil(((this.#row + 1) * this.window.height) / this.#rows);
  }

  /** No box of pixels that becomes one pixel is higher. */
  get highestBox(): number {
    return Math.min(this.window.height, Math.ceil(this.window.height / this.#rows) + 1);
  }

  /** Writes the next row, as float32, into each of three planes, `plane` bytes apart, at an address of the pass' memory. */
  pool({ memory, summed }: PoolingPass, to: number, plane: number): void {
    const { left, top, width, height } = this.window;
    const first = top + Math.floor((this.#row * height) / this.#rows);
    const end = this.due;
    const share = 1 / ((end - first) * 128);
    memory.kernels.poolRow(summed.at(left, first), summed.at(left, end), width, this.#columns, share, to, plane);
    this.#row++;
  }
}

/**
 * Goes down a photo once and answers the places of the pools as their next rows come up. Whoever asks takes that row with `pool` before going on.
 */
export class PoolingPass {
  readonly memory: PoolingMemory;
  readonly summed: SummedRows;
  readonly #pools: readonly AreaPool[];
  /** For each row of the photo a chain of the pools that are due there, so that a row costs what happens in it, however many pools there are. */
  readonly #due: Int32Array;
  readonly #chain: Int32Array;
  #y: number;
  #taken = -1;

  constructor(memory: PoolingMemory, photo: RgbImage, pools: readonly AreaPool[]) {
    const bounds = boundsOf(pools);
    let highestBox = 0;
    this.memory = memory;
    this.#pools = pools;
    this.#due = new Int32Array(bounds.top + bounds.height + 1).fill(-1);
    this.#chain = new Int32Array(pools.length);
    for (let place = 0; place < pools.length; place++) {
      highestBox = Math.max(highestBox, pools[place].highestBox);
      this.#enqueue(place);
    }
    this.summed = new SummedRows(memory, photo, bounds, highestBox);
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

/** The smallest window around all pools' windows. */
export function boundsOf(pools: readonly AreaPool[]): Window {
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
