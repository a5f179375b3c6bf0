import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { modelsCache } from '../../lib/config.ts';

/**
 * Begins the folder of this version's models with what other versions have made in the same cache, the newest of each name: most models stay as they were,
 * and those that a person taught or brought along are nowhere else. Nothing happens where the folder is there, or is none of the cache.
 */
export async function adoptModels(folder: string): Promise<void> {
  const cache = modelsCache();
  if (dirname(folder) !== cache || (await ageOf(folder)) !== undefined) return;
  const workshop = join(cache, `.making-${randomUUID()}`);
  await mkdir(workshop, { recursive: true });
  try {
    for (const other of await othersIn(cache)) await takeOver(other, workshop);
    await rename(workshop, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process has begun it meanwhile, in the same way.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

/** The folders of other versions, the newest first, and then the cache itself, where models lay before there were any. */
async function othersIn(cache: string): Promise<string[]> {
  const entries = await readdir(cache, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  const aged = await Promise.all(
    folders.map(async ({ name }) => ({ path: join(cache, name), age: (await ageOf(join(cache, name))) ?? 0 })),
  );
  return [...aged.sort((a, b) => b.age - a.age).map(({ path }) => path), cache];
}

/** Graphs are shared with the other version, as nobody writes into one; cards can be written to. */
async function takeOver(from: string, to: string): Promise<void> {
  const taken = new Set(await readdir(to));
  const names = (await readdir(from)).filter((name) => /\.(onnx|json)$/.test(name) && !taken.has(name));
  // A card goes after its graphs: what has one is whole.
  for (const name of names.sort((a, b) => extname(b).localeCompare(extname(a)))) {
    const [source, target] = [join(from, name), join(to, name)];
    if (name.endsWith('.onnx')) await link(source, target).catch(() => copyFile(source, target));
    else await copyFile(source, target);
  }
}

/** When something was changed last, in milliseconds; undefined when it is not there. */
async function ageOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
}
