import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pacote from 'pacote';
import { cacheFolder, functionEnvironment, npmRegistry } from '../../../lib/config.ts';
import { UnavailableError } from '../../../lib/core/errors.ts';
import { type RuntimeApi, startRuntimeApi } from './runtime-api.ts';

/** AWS's own runtime for Node: fetched, not installed, as its scripts would compile it. 4.x wants a newer Node than 20. */
const ric = {
  spec: 'aws-lambda-ric@3.3.0',
  integrity: 'sha512-9p06TbKVK4a050NY/vYOxhMHvnIiUu5o1W0//q6yNLSqA/c91pn4BOj3C3sRTpplkUNsGJdU5qWyU2STo6L8hA==',
};

/** Fetches the runtime once a machine, and puts a few lines of JavaScript in the place of its native part. */
export async function runtimeInterfaceClient(): Promise<string> {
  const folder = join(cacheFolder(), 'proof', 'aws-lambda-ric-3.3.0');
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    const registry = npmRegistry();
    const options = { integrity: ric.integrity, preferOffline: true, ...(registry && { registry }) };
    await pacote.extract(ric.spec, making, options).catch((cause: unknown) => {
      throw new UnavailableError(`${ric.spec} could not be fetched from the npm registry.`, { cause });
    });
    renameSync(making, folder);
  }
  const module = join(folder, 'dist/index.mjs');
  writeFileSync(module, readFileSync(module, 'utf8').replace('./rapid-client.node', './rapid-client.cjs'));
  copyFileSync(join(import.meta.dirname, 'rapid-client.cjs'), join(folder, 'dist/rapid-client.cjs'));
  return join(folder, 'bin/index.mjs');
}

export interface LambdaFunction extends RuntimeApi {
  /** What it has printed. */
  readonly output: () => string;
}

/** Runs a handler of a function's files as Lambda does: AWS's runtime, in the folder of the code, with Lambda's variables. */
export async function startLambda(
  client: string,
  {
    task,
    node,
    handler,
    environment,
  }: {
    readonly task: string;
    /** What runs Node. */
    readonly node: string;
    readonly handler: string;
    readonly environment: Readonly<Record<string, string>>;
  },
): Promise<LambdaFunction> {
  const api = await startRuntimeApi();
  const lambda = {
    AWS_LAMBDA_RUNTIME_API: api.address,
    AWS_LAMBDA_FUNCTION_NAME: 'proof',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '3538',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/proof',
    AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/24/[$LATEST]0',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    LAMBDA_TASK_ROOT: task,
    _HANDLER: handler,
  };
  const child: ChildProcess = spawn(node, [client, handler], {
    cwd: task,
    env: functionEnvironment({ ...lambda, ...environment }) as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = once(child, 'exit').then(([code]) => code);
  return {
    ...api,
    invoke: (event) =>
      Promise.race([
        api.invoke(event),
        exited.then((code) => {
          throw new Error(`The runtime ended with exit code ${code}:\n${output}`);
        }),
      ]),
    output: () => output,
    close() {
      child.kill('SIGKILL');
      api.close();
    },
  };
}
