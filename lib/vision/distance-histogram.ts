/** Bins over the distances 0..2 that unit vectors can have: thresholds come out to a ten-thousandth. */
const bins = 20_000;
const binsPerUnit = bins / 2;

/** Counts distances between unit vectors, so that millions of pairs take no more memory than one. */
export class DistanceHistogram {
  #counts = new Float64Array(bins);
  #total = 0;

  /** How many distances were counted. */
  get total(): number {
    return this.#total;
  }

  add(distance: number): void {
    const bin = Math.min(bins - 1, Math.floor(distance * binsPerUnit));
    this.#counts[bin]++;
    this.#total++;
  }

  /** The largest distance, 0..2 in steps of 0.0001, to which no more than `rate` (0..1) of the counted ones are nearer. */
  distanceAt(rate: number): number {
    const most = rate * this.#total;
    let nearer = 0;
    let bin = 0;
    while (bin < bins && nearer + this.#counts[bin] <= most) nearer += this.#counts[bin++];
    return bin / binsPerUnit;
  }

  /** How many of the counted distances are nearer than `distance`, 0..2, to a ten-thousandth. */
  nearer(distance: number): number {
    const end = Math.min(bins, Math.round(distance * binsPerUnit));
    let nearer = 0;
    for (let bin = 0; bin < end; bin++) nearer += this.#counts[bin];
    return nearer;
  }

  /** Those nearer than `distance`, farthest first: the middle of each bin that has any, and how many it has. */
  *nearerThan(distance: number): Iterable<{ readonly distance: number; readonly count: number }> {
    for (let bin = Math.min(bins, Math.round(distance * binsPerUnit)) - 1; bin >= 0; bin--) {
      if (this.#counts[bin] > 0) yield { distance: (bin + 0.5) / binsPerUnit, count: this.#counts[bin] };
    }
  }
}
