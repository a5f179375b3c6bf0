import { Presets, SingleBar } from 'cli-progress';

/** Shows how far long work is, with its rate and the time that is left. */
export interface ProgressBar {
  advance(): void;
  stop(): void;
}

/** The signals that end a process in its midst. */
const endings = ['SIGINT', 'SIGTERM'] as const;

/** A bar on stderr; none where stderr is no terminal, so that logs stay clean. */
export function startProgressBar(what: string, total: number): ProgressBar {
  if (!process.stderr.isTTY) return { advance() {}, stop() {} };
  const format = `${what} {bar} {value}/{total} | {rate}/s | {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, etaBuffer: 50 }, Presets.rect);
  const start = performance.now();
  let done = 0;
  const rate = () => ((done * 1000) / (performance.now() - start)).toFixed(1);
  // The bar hides the cursor and turns line wrapping off, and whoever presses Ctrl-C wants them back.
  const giveUp = (signal: NodeJS.Signals) => {
    bar.stop();
    process.kill(process.pid, signal);
  };
  for (const signal of endings) process.once(signal, giveUp);
  bar.start(total, 0, { rate: '0.0' });
  return {
    advance: () => bar.update(++done, { rate: rate() }),
    stop() {
      for (const signal of endings) process.off(signal, giveUp);
      bar.stop();
    },
  };
}
