/** The signals that end a process in its midst. */
const endings = ['SIGINT', 'SIGTERM'] as const;

/**
 * Does something before Ctrl-C, or whoever stops the process, ends it.
 * @param tidy has to be done when it returns
 * @returns takes it back
 */
export function beforeInterruption(tidy: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    takeBack();
    tidy();
    process.kill(process.pid, signal);
  };
  const takeBack = () => {
    for (const signal of endings) process.off(signal, end);
  };
  for (const signal of endings) process.once(signal, end);
  return takeBack;
}
