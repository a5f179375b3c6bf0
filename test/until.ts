import { vi } from 'vitest';

/** Waits for what comes sooner or later, and answers it: only what never comes takes as long as this has patience. */
export function until<T>(look: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(look, { timeout: 240_000, interval: 20 });
}
