import { seededRandom, shuffled } from '../lib/vision/seeded-random.ts';

/** Somebody who does a task, to be timed beside others. What `run` answers goes into the sink, so that nothing is optimised away. */
export interface Contestant {
  readonly name: string;
  /** What is to be known when its time is compared. */
  readonly remark?: string;
  run(): number | Promise<number>;
}

/** Times in milliseconds, taken together. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** A contestant's times. */
export interface Timing extends Spread {
  readonly name: string;
  readonly remark?: string;
}

/** What was done, and how long each contestant took for it; the first is ours. */
export interface Comparison {
  readonly task: string;
  readonly timings: readonly Timing[];
  /** What else is to be known, by what it is. */
  readonly facts?: Readonly<Record<string, number>>;
}

let sink = 0;

/** Puts what a run answered into the sink, for those who time without `compare`. */
export function keep(answer: number): void {
  sink += answer;
}

/** What all runs answered, taken together. */
export function sunk(): number {
  return sink;
}

/**
 * Times contestants in turns, so that whatever else the machine does falls on all of them: a warm-up each, then rounds, in an order that is drawn anew for each
 * round from a fixed seed.
 */
export async function compare(
  task: string,
  contestants: readonly Contestant[],
  { rounds }: { readonly rounds: number },
): Promise<Comparison> {
  const random = seededRandom(20_261_124);
  const times = contestants.map((): number[] => []);
  for (const contestant of contestants) keep(await contestant.run());
  for (let round = 0; round < rounds; round++) {
    for (const place of shuffled([...contestants.keys()], random)) {
      const start = performance.now();
      keep(await contestants[place]!.run());
      times[place]!.push(performance.now() - start);
    }
  }
  return { task, timings: contestants.map((contestant, place) => timingOf(contestant, times[place]!)) };
}

/** A contestant's times, taken together. */
export function timingOf({ name, remark }: Pick<Contestant, 'name' | 'remark'>, times: readonly number[]): Timing {
  return { name, ...(remark !== undefined && { remark }), ...spreadOf(times) };
}

/** Median, least and most of one time or more. */
export function spreadOf(times: readonly number[]): Spread {
  const sorted = times.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1]!, least: sorted[0]!, most: sorted.at(-1)! };
}
