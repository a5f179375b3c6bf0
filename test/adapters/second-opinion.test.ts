import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished, test } from 'vitest';
import { otherServer } from './dynalite.ts';

/**
 * The tests of the registry against another DynamoDB than dynalite: moto, where Python has it, or whatever listens at FACENET_TEST_DYNAMODB, such as DynamoDB Local.
 * (AWS's own jar is in npm's amplify-dynamodb-simulator: java -Djava.library.path=DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory). All but SearchVectors, which neither
 * knows. FACENET_SECOND_OPINION=1 asks for it, as it takes a minute.
 */
const asked = process.env.FACENET_SECOND_OPINION === '1';
const suite = 'test/adapters/dynamo-face-registry.test.ts';
/** moto serves requests at once by threads, and does not make an update one step: no server for these questions. */
const notForMoto = '^(?!.*(are made by exactly one of many at once|by two at once lets one win))';

function hasMoto(): boolean {
  try {
    execFileSync('python3', ['-c', 'import moto.server'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

test.skipIf(!asked || !(process.env[otherServer] || hasMoto()))(
  'another DynamoDB agrees with what the registry does',
  async () => {
    const given = process.env[otherServer];
    const endpoint = given ?? (await startMoto());

    const run = spawn(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', suite, ...(given ? [] : ['-t', notForMoto])],
      {
        env: { ...process.env, [otherServer]: endpoint },
        stdio: 'inherit',
      },
    );
    const [code] = await once(run, 'exit');

    if (code !== 0)
      throw new Error(
        `Expected ${suite} to pass against ${endpoint}; it ended with ${code}. What failed stands above.`,
      );
  },
  300_000,
);

async function startMoto(): Promise<string> {
  const port = await freePort();
  const moto: ChildProcess = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    stdio: 'ignore',
  });
  onTestFinished(() => {
    moto.kill();
  });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      return endpoint;
    await wait(200);
  }
  throw new Error('Expected moto to listen within 20 s. Start it by hand: python3 -m moto.server');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
