import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { readMtcnn } from '../../lib/adapters/model-folder.ts';
import { type OnnxSessions, openSessions } from '../../lib/adapters/onnx-sessions.ts';
import { modelsFolder } from '../../lib/config.ts';

const [windows, side] = [3, 24];
const shape = [windows, 3, side, side];
let graphs: readonly Uint8Array[];
let alone: OnnxSessions;
let threaded: OnnxSessions;

beforeAll(async () => {
  const { pnet, rnet } = await readMtcnn(modelsFolder());
  graphs = [pnet, rnet];
  [alone, threaded] = await Promise.all([openSessions(graphs, 1), openSessions(graphs, 2)]);
});

function noise(seed: number): Float32Array {
  return Float32Array.from({ length: windows * 3 * side * side }, (_, i) => Math.sin(seed + i * i));
}

it('answers on several threads what it answers on one, whatever else is under way', async () => {
  expect(alone.atOnce).toBe(1);
  expect(threaded.atOnce).toBe(4);
  const seeds = Array.from({ length: 9 }, (_, i) => i);

  const answers = await Promise.all(seeds.map((seed) => threaded.run(1, noise(seed), shape)));

  for (const seed of seeds) {
    const { probability, regression } = await alone.run(1, noise(seed), shape);
    expect(answers[seed]).toEqual({
      probability: { data: probability!.data, dims: probability!.dims },
      regression: { data: regression!.data, dims: regression!.dims },
    });
  }
});

it('has taken an input over when the next run may begin', async () => {
  const input = noise(1);
  const asked = threaded.run(1, input, shape);
  input.fill(0);

  expect((await asked).probability!.data).toEqual((await alone.run(1, noise(1), shape)).probability!.data);
});

it('fails where the net does, and answers what comes next', async () => {
  const tooSmall = threaded.run(0, new Float32Array(3 * 4), [1, 3, 2, 2]);
  const next = [1, 2, 3, 4].map(() => threaded.run(1, noise(2), shape));

  await expect(tooSmall).rejects.toThrow();
  expect(await Promise.all(next)).toHaveLength(4);
});

it('keeps no process alive that has nothing more to do', async () => {
  const script = `
    import { openMtcnnNets } from './lib/adapters/onnx-mtcnn-nets.ts';
    const nets = await openMtcnnNets(${JSON.stringify(modelsFolder())}, 2);
    const { probability } = await nets.rnet(new Float32Array(3 * 24 * 24), 1);
    console.log(probability.length);`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', script],
    { timeout: 300_000 },
  );

  expect(stdout).toBe('1\n');
});
