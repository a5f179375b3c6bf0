/**
 * Measures this project beside rivals, in one run:
 *
 *     npm run bench -- [detect] [embed] [align] [search] [pipeline] [api] [--rounds 15] [--vectors 1000000] [--json]
 *
 * Without a name, all of them.
 */
import { parseArgs } from 'node:util';
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

type Bench = (config: VisionConfig, rounds: number) => AsyncIterable<Comparison>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '15' },
    vectors: { type: 'string', default: '1000000' },
    json: { type: 'boolean' },
  },
});

const benches: Readonly<Record<string, Bench>> = {
  detect: benchDetect,
  embed: benchEmbed,
  align: benchAlign,
  search: searchComparison,
  pipeline: benchPipeline,
  api: benchApi,
};

/** bench/search.ts tells more when it is run by itself: recall, memory, first answer. */
async function* searchComparison(): AsyncGenerator<Comparison> {
  const { vectors, dimensions, searchVectors, plainLoop, usearchFloat32 } = await benchSearch(Number(values.vectors));
  yield {
    task: `search: nearest 10 of ${vectors} × ${dimensions}, exactly`,
    timings: [
      { name: 'SearchVectors', remark: 'through HTTP', ...searchVectors },
      { name: 'a plain loop', ...plainLoop },
      { name: 'USearch, float32', ...usearchFloat32 },
    ],
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

const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.filter((name) => !benches[name]);
if (unknown.length > 0) {
  console.error(`Expected some of ${Object.keys(benches).join(', ')}, received ${unknown.join(', ')}.`);
  process.exit(2);
}
const machine = machineOf();
if (!values.json) console.log(`${described(machine)}\nmedian, least … most, and times ours`);
const config = await prepareVision();
const comparisons: Comparison[] = [];
for (const name of names) {
  for await (const comparison of benches[name]!(config, Number(values.rounds))) {
    comparisons.push(comparison);
    if (!values.json) console.log(table(comparison));
  }
}
if (values.json) console.log(JSON.stringify({ machine, comparisons, sink: sunk() }, null, 2));
else console.log(`\nsink ${sunk().toPrecision(6)}, load now ${machineOf().load.toFixed(1)}`);
