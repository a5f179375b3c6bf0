import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { failedWith } from '../../lib/adapters/files.ts';
import { ConfigError } from '../../lib/core/errors.ts';
import { type LoopbackServer, serveOnLoopback } from '../loopback-server.ts';
import { Backend } from './backend.ts';
import { Definitions } from './definitions.ts';
import { FollowedTables } from './followed-tables.ts';
import { Front } from './front.ts';

export interface DynamoDbOptions {
  /** The folder that holds the tables; made when it is missing. */
  readonly path: string;
  readonly failed?: (error: unknown) => void;
}

/**
 * Serves a folder as DynamoDB does, on loopback: dynalite's tables, and vector indexes that SearchVectors searches exactly. One process owns a folder.
 * @throws ConfigError when another process has the folder
 */
export async function startDynamoDb({ path, failed = console.error }: DynamoDbOptions): Promise<LoopbackServer> {
  const tables = join(path, 'tables');
  await mkdir(tables, { recursive: true });
  await takeFolder(path, tables);
  const backend = new Backend(tables);
  await backend.start();
  const followed = new FollowedTables(backend, join(path, 'vectors'));
  try {
    const definitions = new Definitions(join(path, 'vector-indexes.json'));
    await definitions.load();
    await followed.load(definitions);
    const front = new Front(backend, definitions, followed);
    const server = await serveOnLoopback((request, response) => front.serve(request, response), { failed });
    const close = async () => {
      await server.close();
      followed.close();
      await backend.close();
    };
    return { ...server, close };
  } catch (error) {
    followed.close();
    await backend.close();
    throw error;
  }
}

/** Dynalite would find out that its folder is taken only at the first request, and end the process; so the folder is tried first. */
async function takeFolder(path: string, tables: string): Promise<void> {
  const owner = join(path, 'owner.pid');
  const level = new ClassicLevel(tables);
  try {
    await level.open();
  } catch (error) {
    if (!(error instanceof Error && failedWith(error.cause, 'LEVEL_LOCKED'))) throw error;
    const pid = (await readFile(owner, 'utf8')).trim();
    throw new ConfigError(
      `Expected the folder ${path} to be free, but process ${pid} has it open. Stop that process, or choose another folder.`,
      { cause: error },
    );
  }
  await writeFile(owner, `${process.pid}\n`);
  await level.close();
}
