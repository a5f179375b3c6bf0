import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { setPriority } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Invocation, type InvocationResult, loaded } from './invocation.ts';

export interface FunctionDefinition {
  readonly name: string;
  /** The file that exports `handler`. */
  readonly module: string;
  /** Of an event, from when the process has loaded the module. */
  readonly timeoutSeconds: number;
  /** How many events are handled at the same time, each in a process of its own. */
  readonly concurrency: number;
  /** How much its processes stand back, as `os.setPriority` takes it. @default as this one */
  readonly priority?: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** An invocation failed: the handler threw, its process ended, or the time was up. */
export class FunctionFailedError extends Error {
  override readonly name = 'FunctionFailedError';
}

interface Environment {
  readonly child: ChildProcess;
  /** Resolves when the module is loaded, or cannot be. */
  readonly ready: Promise<void>;
  readonly ended: Promise<string>;
}

/** TypeScript in a clone, which needs a loader; JavaScript in the package. */
const extension = extname(import.meta.filename);
const processFile = fileURLToPath(new URL(`./function-process${extension}`, import.meta.url));
const loader =
  extension === '.ts' ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];

/** Seconds that a process may take to load its module: on a busy machine far longer than an event, so only one that hangs is ended. */
const startSeconds = 300;

/**
 * Runs a Lambda handler as Lambda does: in processes of its own that are started when they are needed and kept, one event at a time in each, and ended when
 * they take longer than the time-out.
 */
export class LocalFunction {
  readonly name: string;
  readonly #definition: FunctionDefinition;
  readonly #output: (text: string) => void;
  readonly #idle: Environment[] = [];
  readonly #all = new Set<Environment>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  /** @param output receives what the processes print, a piece of text at a time */
  constructor(definition: FunctionDefinition, output: (text: string) => void) {
    this.name = definition.name;
    this.#definition = definition;
    this.#output = output;
  }

  /** @throws FunctionFailedError */
  async invoke(event: unknown): Promise<unknown> {
    while (this.#running >= this.#definition.concurrency) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
    try {
      return await this.#invokeIn(this.#idle.pop() ?? this.#start(), event);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  /** Ends all processes; whoever invokes no longer waits. */
  async close(): Promise<void> {
    this.#closed = true;
    const environments = [...this.#all];
    for (const { child } of environments) child.kill('SIGKILL');
    await Promise.all(environments.map(({ ended }) => ended));
  }

  #start(): Environment {
    if (this.#closed) throw new FunctionFailedError(`${this.name} was stopped.`);
    const child = fork(processFile, [this.#definition.module], {
      env: this.#definition.environment,
      execArgv: loader,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const { priority } = this.#definition;
    // Before it has any threads of its own: those that it starts take after it.
    if (priority !== undefined && child.pid !== undefined) setPriority(child.pid, priority);
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', this.#output);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      // Not at 'exit': what it printed last is still on its way then.
      child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const ready = new Promise<void>((resolve) => {
      child.on('message', (message) => message === loaded && resolve());
    });
    const environment = { child, ready, ended };
    this.#all.add(environment);
    void ended.then(() => {
      this.#all.delete(environment);
      const at = this.#idle.indexOf(environment);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return environment;
  }

  async #invokeIn(environment: Environment, event: unknown): Promise<unknown> {
    const { child, ready } = environment;
    await this.#inTime(startSeconds, environment, ready);
    const { timeoutSeconds } = this.#definition;
    const requestId = randomUUID();
    const deadline = Date.now() + timeoutSeconds * 1000;
    let receive: ((result: InvocationResult) => void) | undefined;
    const answered = new Promise<InvocationResult>((resolve) => {
      receive = (result) => result.requestId === requestId && resolve(result);
      child.on('message', receive);
    });
    child.send({ requestId, functionName: this.name, event, deadline } satisfies Invocation, () => {});
    const result = await this.#inTime(timeoutSeconds, environment, answered);
    child.off('message', receive!);
    this.#idle.push(environment);
    if ('error' in result) throw new FunctionFailedError(`${this.name}: ${result.error.name}: ${result.error.message}`);
    return result.answer;
  }

  /** Waits for what a process is to say; ends the process when it does not come in time. */
  async #inTime<T>(seconds: number, { child, ended }: Environment, coming: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`timed out after ${seconds} s`), seconds * 1000);
    });
    const failure = await Promise.race([coming.then(() => undefined), ended, late]);
    clearTimeout(timer);
    if (failure === undefined) return coming;
    child.kill('SIGKILL');
    throw new FunctionFailedError(`${this.name}: ${failure}`);
  }
}
