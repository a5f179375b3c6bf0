/** What one call of a service takes. */
export interface BatchLimits {
  readonly count: number;
  readonly bytes: number;
}

/** Cuts a list into batches within both limits, in order. An entry larger than the limit is a batch for itself: the service has the last word on it. */
export function batchesOf<T>(entries: readonly T[], sizeOf: (entry: T) => number, limits: BatchLimits): T[][] {
  const batches: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    const size = sizeOf(entry);
    const batch = batches.at(-1);
    if (!batch || batch.length === limits.count || bytes + size > limits.bytes) {
      batches.push([entry]);
      bytes = size;
    } else {
      batch.push(entry);
      bytes += size;
    }
  }
  return batches;
}

/** A list in parts of a size; the last one can be smaller. */
export function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}
