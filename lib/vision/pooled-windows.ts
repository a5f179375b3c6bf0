import { AreaPool, boundsOf, PoolingPass } from './area-pool.ts';
import type { RgbImage, Window } from './image.ts';
import { PoolingMemory } from './pooling-memory.ts';

/** Floats of the windows that one pass over a photo cuts out: 7 MB, 1024 windows of 24 × 24 or 256 of 48 × 48. */
const passFloats = 3 * 48 * 48 * 256;

/**
 * Pools windows of a photo, each into three planes (R, G, B) of `side` × `side`, one window after the other, and answers `batch` of them at a time; what it
 * answers is valid until the next is asked for.
 */
export function* pooledWindows(
  photo: RgbImage,
  windows: readonly Window[],
  side: number,
  batch: number,
): Generator<Float32Array> {
  const each = 3 * side * side;
  const inPass = batch * Math.max(1, Math.floor(passFloats / (batch * each)));
  const memory = PoolingMemory.take();
  try {
    for (let from = 0; from < windows.length; from += inPass) {
      const some = windows.slice(from, from + inPass);
      memory.giveBack(0);
      const out = memory.reserve(4 * some.length * each);
      poolWindows(memory, photo, some, side, out);
      for (let first = 0; first < some.length; first += batch) {
        yield memory.floats(out + 4 * first * each, Math.min(batch, some.length - first) * each);
      }
    }
  } finally {
    memory.release();
  }
}

function poolWindows(
  memory: PoolingMemory,
  photo: RgbImage,
  windows: readonly Window[],
  side: number,
  out: number,
): void {
  const plane = 4 * side * side;
  const pools = windows.map((window) => new AreaPool(window, side, side));
  const bounds = boundsOf(pools);
  const all = windows.reduce((sum, { width, height }) => sum + width * height, 0);
  // Few small windows are pooled one by one; many share one pass over what is around them all.
  const share = all > bounds.width * bounds.height ? pools.length : 1;
  const free = memory.reserve(0);
  for (let from = 0; from < pools.length; from += share) {
    const some = pools.slice(from, from + share);
    memory.giveBack(free);
    const pass = new PoolingPass(memory, photo, some);
    for (let i = pass.next(); i >= 0; i = pass.next()) {
      some[i].pool(pass, out + (from + i) * 3 * plane + some[i].row * side * 4, plane);
    }
  }
}
