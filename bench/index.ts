/**
 * Measures this project beside rivals, in one run:
 *
 *     npm run bench -- [detect] [embed] [align] [search] [pipeline] [api] [--rounds 15] [--vectors 1000000] [--json]
 *
 * Without a name, all of them.
 */
import { Argument, Command, InvalidArgumentError } from 'commander';
import type { VisionConfig } from '../lib/config.ts';
import { prepareVision } from '../local/vision.ts';
import { benchAlign } from './align.ts';
import { benchApi } from './api.ts';
import { benchDetect } from './detect.ts';
import { benchEmbed } from './embed.ts';
import { type Machine, machineOf } from './machine.ts';
import { type Comparison, sunk, type Timing } from './measure.ts';
import { benchPipeline } from './pipeline.ts';
import { benchSearch } from './search.ts';

type Bench = (config: VisionConfig, rounds: number, vectors: number) => AsyncIterable<Comparison>;

interface Options {
  readonly rounds: number;
  readonly vectors: number;
  readonly json?: true;
}

const benches: Readonly<Record<string, Bench>> = {
  detect: benchDetect,
  embed: benchEmbed,
  align: benchAlign,
  search: searchComparison,
  pipeline: benchPipeline,
  api: benchApi,
};

/** Each query is searched for by all in turns, three times: bench/search.ts, which tells more when it is run by itself. */
async function* searchComparison(_: VisionConfig, __: number, vectors: number): AsyncGenerator<Comparison> {
  const bench = await benchSearch(vectors);
  yield {
    task: `search: nearest 10 of ${vectors} × ${bench.dimensions}, exactly`,
    timings: [
      { name: 'SearchVectors', remark: 'through HTTP', ...bench.searchVectors },
      { name: 'a plain loop', ...bench.plainLoop },
      { name: 'USearch, float32', ...bench.usearchFloat32 },
    ],
    facts: {
      'recall against the loop, in float64': bench.recall,
      'ms from the start of the process to the first answer': bench.firstAnswer,
      'memory of the process / that of the vectors as float32': bench.memory.process / bench.memory.float32,
    },
  };
}

function described({ processor, cores, memory, load, platform, node, packages }: Machine): string {
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  const machine = `${processor}, ${cores} cores, ${(memory / 2 ** 30).toFixed(0)} GB, ${platform}, load ${load.toFixed(1)}`;
  return `${machine}; Node ${node}, ${versions.join(', ')}`;
}

function table({ task, timings, facts = {} }: Comparison): string {
  const [ours] = timings as readonly [Timing, ...Timing[]];
  const longest = Math.max(...timings.map(({ name }) => name.length));
  const lines = timings.map(({ name, median, least, most, remark }) => {
    const times = `${ms(median)} ms  ${ms(least)} …${ms(most)}  ${(median / ours.median).toFixed(2).padStart(6)} ×`;
    return `  ${name.padEnd(longest)} ${times}${remark ? `  (${remark})` : ''}`;
  });
  const known = Object.entries(facts).map(([fact, value]) => `  ${fact}: ${Number(value.toPrecision(4))}`);
  return `\n${[task, ...lines, ...known].join('\n')}`;
}

function ms(milliseconds: number): string {
  return milliseconds.toFixed(1).padStart(8);
}

function wholeNumber(least: number) {
  return (text: string): number => {
    if (/^\d+$/.test(text) && Number(text) >= least) return Number(text);
    throw new InvalidArgumentError(`Expected a whole number from ${least}, received "${text}".`);
  };
}

/** Runs benches one after the other, and prints each as it is through, or all as JSON in the end. */
async function run(names: readonly string[], { rounds, vectors, json }: Options): Promise<void> {
  const machine = machineOf();
  if (!json) console.log(`${described(machine)}\nmedian, least … most, and times ours`);
  const config = await prepareVision();
  const comparisons: Comparison[] = [];
  for (const name of names) {
    for await (const comparison of benches[name]!(config, rounds, vectors)) {
      comparisons.push(comparison);
      if (!json) console.log(table(comparison));
    }
  }
  if (json) console.log(JSON.stringify({ machine, comparisons, sink: sunk() }, null, 2));
  else console.log(`\nsink ${sunk().toPrecision(6)}, load now ${machineOf().load.toFixed(1)}`);
}

await new Command('bench')
  .description('measure this project beside rivals, in one run')
  .addArgument(new Argument('[what...]').choices(Object.keys(benches)).default(Object.keys(benches)))
  .option('--rounds <number>', 'how often each contestant has its turn, but in search', wholeNumber(1), 15)
  .option('--vectors <number>', 'faces that are searched', wholeNumber(1000), 1_000_000)
  .option('--json', 'print JSON')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync();
