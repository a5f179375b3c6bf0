import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere } from '../lib/adapters/files.ts';
import { jsonOf } from '../lib/core/json.ts';

const addressSchema = z.object({
  pid: z.int(),
  api: z.url(),
  s3: z.url(),
  bucket: z.string(),
  dynamodb: z.url(),
  table: z.string(),
  /** The folder that is the bucket. */
  folder: z.string(),
});
/** Where a stack that runs on a data folder can be reached. */
export type StackAddress = z.infer<typeof addressSchema>;

const nameOf = (data: string) => join(data, 'stack.json');

/** Says where the stack of a data folder is, for as long as it runs. */
export async function announceStack(data: string, address: StackAddress): Promise<void> {
  const whole = `${nameOf(data)}.new`;
  await writeFile(whole, `${JSON.stringify(address, null, 2)}\n`);
  await rename(whole, nameOf(data));
}

/** Takes back what `announceStack` said. */
export function withdrawStack(data: string): Promise<void> {
  return rm(nameOf(data), { force: true });
}

/** Finds the stack that runs on a data folder; undefined when none does, also when one ended without saying so. */
export async function findStack(data: string): Promise<StackAddress | undefined> {
  const text = await readIfThere(nameOf(data));
  if (text === undefined) return undefined;
  // What another version wrote, or half a disk, names no stack. Should one run all the same, its folder's lock says so.
  const address = addressSchema.safeParse(jsonOf(text)).data;
  return address && (await isServing(address)) ? address : undefined;
}

/** Milliseconds after which a stack that does not answer counts as busy. */
const patience = 10_000;

/** After a crash another process can have the id, above all in a container, and another stack the port; so the stack itself is asked. */
async function isServing({ pid, api }: StackAddress): Promise<boolean> {
  try {
    const response = await fetch(`${api}/status`, { signal: AbortSignal.timeout(patience) });
    return ((await response.json()) as { readonly pid?: unknown }).pid === pid;
  } catch (error) {
    return error instanceof DOMException && error.name === 'TimeoutError';
  }
}
