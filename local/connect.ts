import type { Command } from 'commander';
import { ApiClient } from './api-client.ts';
import { reasonsOf } from './report-failure.ts';
import { startStack } from './stack.ts';
import { findStack, type StackAddress } from './stack-file.ts';
import { prepareVision } from './vision.ts';
import { defaultData } from './working-folder.ts';

/** The way to a stack: to the one that runs on the folder, else to one that runs for as long as this command. */
export interface Connection extends StackAddress {
  readonly client: ApiClient;
  close(): Promise<void>;
}

/** @throws ConfigError, ModelError as `startStack` does */
export async function connect(data: string): Promise<Connection> {
  const running = await findStack(data);
  if (running) return { ...running, client: new ApiClient(running.api), close: async () => {} };
  const stack = await startStack({ data, vision: await prepareVision(), failed: reportTrouble });
  return { ...stack, client: new ApiClient(stack.api), close: () => stack.close() };
}

/** Asks something of a stack by its API, and closes the way to it. */
export async function ask<T>(data: string, question: (client: ApiClient) => Promise<T>): Promise<T> {
  const { client, close } = await connect(data);
  try {
    return await question(client);
  } finally {
    await close();
  }
}

/** Gives a command the option that names the folder. */
export function withData(command: Command): Command {
  return command.option('--data <dir>', 'the folder that holds photos, faces and events', defaultData());
}

/** Tells on stderr what went wrong behind a command that goes on all the same. */
export function reportTrouble(error: unknown): void {
  console.error(error instanceof Error ? `! ${reasonsOf(error).join('; ')}` : error);
}
