/** Works through items, several at a time, in their order. The first failure ends it, after what was on its way. */
export async function inTurns<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const next = items[Symbol.iterator]();
  let failed = false;
  const turn = async () => {
    for (const item of { [Symbol.iterator]: () => next }) {
      if (failed) return;
      await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const turns = await Promise.allSettled(Array.from({ length: concurrency }, turn));
  for (const turn of turns) if (turn.status === 'rejected') throw turn.reason;
}
