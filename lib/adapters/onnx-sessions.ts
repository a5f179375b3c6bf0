import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Tensor } from 'onnxruntime-node';
import { openSession, sessionOptions } from './onnx-session.ts';

/** What a model answers, by the names of its outputs. */
export type Outputs = Readonly<
  Record<string, { readonly data: Float32Array<ArrayBuffer>; readonly dims: readonly number[] }>
>;

/** Models with one input each, called `input`, that run on some threads. */
export interface OnnxSessions {
  /** How many runs may be under way at once. An input may be changed when the next run may begin: after the answer where this is 1, at once where it is more. */
  readonly atOnce: number;
  /** Runs the model at a place. Whoever asks first is answered first, of runs of the same size. */
  run(place: number, input: Float32Array, shape: readonly number[]): Promise<Outputs>;
}

/** What a thread is asked. */
export interface Run {
  readonly session: number;
  readonly input: Float32Array;
  readonly shape: readonly number[];
}

/** What it answers; the input's memory comes back. */
export type Ran = { readonly memory: ArrayBuffer } & ({ readonly outputs: Outputs } | { readonly error: unknown });

/**
 * Opens models for many small runs. Of several threads each runs a whole net by itself, while the caller prepares what comes next: that takes fewer of their
 * cycles than to share out every single operation, and leaves the caller's event loop free. One thread is the caller's.
 */
export async function openSessions(graphs: readonly Uint8Array[], threads: number): Promise<OnnxSessions> {
  if (threads > 1) return new ThreadedSessions(await Promise.all(Array.from({ length: threads }, () => start(graphs))));
  const sessions = await Promise.all(graphs.map((graph) => openSession(graph, 1)));
  return {
    atOnce: 1,
    async run(place, input, shape) {
      return (await sessions[place].run({ input: new Tensor('float32', input, shape) })) as unknown as Outputs;
    },
  };
}

interface Thread {
  readonly worker: Worker;
  /** Who waits for it, in the order in which they asked. */
  readonly waiting: ((ran: Ran) => void)[];
}

class ThreadedSessions implements OnnxSessions {
  readonly #threads: readonly Thread[];
  /** Of inputs that have been answered. New memory would have to be touched for the first time, and the garbage collector come for it. */
  readonly #spare: ArrayBuffer[] = [];

  constructor(threads: readonly Thread[]) {
    this.#threads = threads;
  }

  /** Twice the threads: what one runs, and what it finds when it is through. */
  get atOnce(): number {
    return 2 * this.#threads.length;
  }

  async run(session: number, input: Float32Array, shape: readonly number[]): Promise<Outputs> {
    const { worker, waiting } = this.#threads.reduce((least, next) =>
      next.waiting.length < least.waiting.length ? next : least,
    );
    const memory = this.#take(input.byteLength);
    const run: Run = { session, input: new Float32Array(memory, 0, input.length), shape };
    run.input.set(input);
    worker.ref();
    worker.postMessage(run, [memory]);
    const ran = await new Promise<Ran>((resolve) => waiting.push(resolve));
    // A thread without work keeps no process alive.
    if (waiting.length === 0) worker.unref();
    if (this.#spare.length < this.atOnce) this.#spare.push(ran.memory);
    if ('error' in ran) throw ran.error;
    return ran.outputs;
  }

  /** Memory for an input: what an earlier one had, if that is enough. */
  #take(bytes: number): ArrayBuffer {
    const place = this.#spare.findIndex(({ byteLength }) => byteLength >= bytes);
    if (place >= 0) return this.#spare.splice(place, 1)[0];
    this.#spare.shift();
    return new ArrayBuffer(bytes);
  }
}

/** Nobody listens for errors of a thread that is open: what it cannot answer with ends the process, as it would without threads. */
async function start(graphs: readonly Uint8Array[]): Promise<Thread> {
  const workerData = { graphs, options: sessionOptions(1) };
  // Flags of this process, a loader among them, are of no use to it.
  const worker = new Worker(new URL('./onnx-thread.mjs', import.meta.url), { workerData, execArgv: [] });
  await once(worker, 'message');
  const waiting: Thread['waiting'] = [];
  worker.on('message', (ran: Ran) => waiting.shift()!(ran));
  worker.unref();
  return { worker, waiting };
}
