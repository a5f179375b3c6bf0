/**
 * A thread that runs models in ONNX Runtime, which holds up whatever thread it runs in. JavaScript, because Node starts a thread without the loader that
 * TypeScript needs. It says `null` when its sessions are open, and then answers one run after the other.
 */
import { on } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** @typedef {import('./onnx-sessions.ts').Run} Run */
/** @typedef {import('./onnx-sessions.ts').Ran} Ran */

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
const runs = on(port, 'message');
/** @type {InferenceSession[]} */
const sessions = [];
for (const graph of workerData.graphs) sessions.push(await InferenceSession.create(graph, workerData.options));
port.postMessage(null);

for await (const [run] of runs) {
  const ran = await answer(run);
  const outputs = 'error' in ran ? [] : Object.values(ran.outputs);
  port.postMessage(ran, [ran.memory, ...outputs.map(({ data }) => data.buffer)]);
}

/**
 * @param {Run} run
 * @returns {Promise<Ran>}
 */
async function answer({ session, input, shape }) {
  const memory = /** @type {ArrayBuffer} */ (input.buffer);
  try {
    const tensors = await sessions[session].run({ input: new Tensor('float32', input, shape) });
    const outputs = Object.entries(tensors).map(([name, { data, dims }]) => [name, { data, dims }]);
    return { memory, outputs: Object.fromEntries(outputs) };
  } catch (error) {
    return { memory, error };
  }
}
