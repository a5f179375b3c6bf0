/** Numbers a candidate has: left, top, right, bottom, score, then four regressed offsets. */
const fields = 9;

/** Boxes on their way through MTCNN: one flat array, a row of nine numbers each (left, top, right, bottom, score, four offsets as fractions of the side). */
export class Candidates {
  #rows = new Float64Array(64 * fields);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The rows, flat; valid until the next `push`. */
  get rows(): Float64Array {
    return this.#rows;
  }

  push(
    left: number,
    top: number,
    right: number,
    bottom: number,
    score: number,
    dl: number,
    dt: number,
    dr: number,
    db: number,
  ): void {
    const at = this.#length++ * fields;
    if (at + fields > this.#rows.length) {
      const grown = new Float64Array(this.#rows.length * 2);
      grown.set(this.#rows);
      this.#rows = grown;
    }
    const rows = this.#rows;
    rows[at] = left;
    rows[at + 1] = top;
    rows[at + 2] = right;
    rows[at + 3] = bottom;
    rows[at + 4] = score;
    rows[at + 5] = dl;
    rows[at + 6] = dt;
    rows[at + 7] = dr;
    rows[at + 8] = db;
  }

  /** Those at the given places, in that order. */
  pick(places: ArrayLike<number>): Candidates {
    const picked = new Candidates();
    const { rows } = this;
    for (let i = 0; i < places.length; i++) {
      const at = places[i] * fields;
      picked.push(
        rows[at],
        rows[at + 1],
        rows[at + 2],
        rows[at + 3],
        rows[at + 4],
        rows[at + 5],
        rows[at + 6],
        rows[at + 7],
        rows[at + 8],
      );
    }
    return picked;
  }

  append(others: Candidates): void {
    const needed = (this.#length + others.#length) * fields;
    if (needed > this.#rows.length) {
      const grown = new Float64Array(Math.max(needed, this.#rows.length * 2));
      grown.set(this.#rows.subarray(0, this.#length * fields));
      this.#rows = grown;
    }
    this.#rows.set(others.#rows.subarray(0, others.#length * fields), this.#length * fields);
    this.#length += others.#length;
  }

  /** Moves each edge by its offset times the side's length plus `inclusive` (1 where sides count pixels, as in the reference's later stages). */
  regress(inclusive: 0 | 1): void {
    const { rows } = this;
    for (let at = 0, end = this.#length * fields; at < end; at += fields) {
      const width = rows[at + 2] - rows[at] + inclusive;
      const height = rows[at + 3] - rows[at + 1] + inclusive;
      rows[at] += rows[at + 5] * width;
      rows[at + 1] += rows[at + 6] * height;
      rows[at + 2] += rows[at + 7] * width;
      rows[at + 3] += rows[at + 8] * height;
    }
  }

  /** Makes each box a square around its centre, with the longer side. */
  square(): void {
    const { rows } = this;
    for (let at = 0, end = this.#length * fields; at < end; at += fields) {
      const width = rows[at + 2] - rows[at];
      const height = rows[at + 3] - rows[at + 1];
      const side = Math.max(width, height);
      rows[at] += (width - side) / 2;
      rows[at + 1] += (height - side) / 2;
      rows[at + 2] = rows[at] + side;
      rows[at + 3] = rows[at + 1] + side;
    }
  }

  /**
   * Non-maximum suppression: the places of the best boxes, best first, without those that a better one covers by more than `most`.
   * `union` measures intersection over union; `smaller` intersection over the smaller of the two, sides counting pixels, as the reference's last stage does.
   */
  suppress(most: number, by: 'union' | 'smaller'): number[] {
    const { rows } = this;
    const inclusive = by === 'smaller' ? 1 : 0;
    const order = Array.from({ length: this.#length }, (_, i) => i).sort(
      (a, b) => rows[b * fields + 4] - rows[a * fields + 4],
    );
    const gone = new Uint8Array(this.#length);
    const kept: number[] = [];
    for (let i = 0; i < order.length; i++) {
      const best = order[i];
      if (gone[best]) continue;
      kept.push(best);
      const at = best * fields;
      const left = rows[at];
      const top = rows[at + 1];
      const right = rows[at + 2];
      const bottom = rows[at + 3];
      const size = (right - left + inclusive) * (bottom - top + inclusive);
      for (let j = i + 1; j < order.length; j++) {
        const other = order[j];
        if (gone[other]) continue;
        const from = other * fields;
        const width = Math.min(right, rows[from + 2]) - Math.max(left, rows[from]) + inclusive;
        if (width <= 0) continue;
        const height = Math.min(bottom, rows[from + 3]) - Math.max(top, rows[from + 1]) + inclusive;
        if (height <= 0) continue;
        const shared = width * height;
        const otherSize = (rows[from + 2] - rows[from] + inclusive) * (rows[from + 3] - rows[from + 1] + inclusive);
        const whole = by === 'union' ? size + otherSize - shared : Math.min(size, otherSize);
        if (shared / whole > most) gone[other] = 1;
      }
    }
    return kept;
  }
}

/** How many numbers a row of `Candidates.rows` has. */
export const candidateFields = fields;
