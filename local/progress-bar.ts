import { Presets, SingleBar } from 'cli-progress';
import { beforeInterruption } from './interruption.ts';

/** Shows how far long work is, with its rate and the time that is left. */
export interface ProgressBar {
  advance(): void;
  stop(): void;
}

/** A bar on stderr; none where stderr is no terminal, so that logs stay clean. */
export function startProgressBar(what: string, total: number): ProgressBar {
  if (!process.stderr.isTTY) return { advance() {}, stop() {} };
  const format = `${what} {bar} {value}/{total}{pace}`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.rect);
  const start = performance.now();
  let done = 0;
  let first = start;
  const advance = () => {
    const now = performance.now();
    // What happens before the first one, as models are loaded, happens once.
    if (++done === 1) first = now;
    const left = done > 1 || total === 1 ? `, ${timeOf(((total - done) * (now - first)) / (done - 1 || 1))} left` : '';
    bar.update(done, { pace: ` | ${((done * 1000) / (now - start)).toFixed(1)}/s${left}` });
  };
  // The bar hides the cursor and turns line wrapping off, and whoever presses Ctrl-C wants them back.
  const takeBack = beforeInterruption(() => bar.stop());
  bar.start(total, 0, { pace: '' });
  return {
    advance,
    stop() {
      takeBack();
      bar.stop();
    },
  };
}

function timeOf(millis: number): string {
  const seconds = Math.round(millis / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
