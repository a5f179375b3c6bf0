import { mulberry32 } from './random.ts';

/** Somebody who does a task, to be timed beside others. What `run` answers goes into the sink, so that nothing is optimised away. */
export interface Contestant {
  readonly name: string;
  /** What is to be known when its time is compared. */
  readonly remark?: string;
  run(): number | Promise<number>;
}

/** A contestant's times in milliseconds. */
export interface Timing {
  readonly name: string;
  readonly remark?: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** What was done, and how long each contestant took for it; the first is ours. */
export interface Comparison {
  readonly task: string;
  readonly timings: readonly Timing[];
  /** What else is to be known, by what it is. */
  readonly facts?: Readonly<Record<string, number>>;
}

let sink = 0;

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
  const random = mulberry32(20_261_124);
  const times = contestants.map((): number[] => []);
  for (const contestant of contestants) sink += await contestant.run();
  for (let round = 0; round < rounds; round++) {
    for (const place of shuffled(contestants.length, random)) {
      const start = performance.now();
      sink += await contestants[place]!.run();
      times[place]!.push(performance.now() - start);
    }
  }
  return { task, timings: contestants.map((contestant, place) => timingOf(contestant, times[place]!)) };
}

/** A contestant's times, taken together. */
export function timingOf({ name, remark }: Pick<Contestant, 'name' | 'remark'>, times: readonly number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  const [median, least, most] = [sorted[sorted.length >> 1]!, sorted[0]!, sorted.at(-1)!];
  return { name, ...(remark !== undefined && { remark }), median, least, most };
}

/** Fisher and Yates. */
function shuffled(length: number, random: () => number): number[] {
  const places = Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [places[i], places[j]] = [places[j]!, places[i]!];
  }
  return places;
}
