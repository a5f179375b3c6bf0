import { appendFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere } from '../../lib/adapters/files.ts';
import { RequestError } from '../../lib/core/errors.ts';

/** A line of the file: a photo as it was when it was embedded, and its vector in base64; none when it has no face. */
interface Line {
  readonly photo: string;
  readonly size: number;
  readonly modified: number;
  readonly embedding?: string;
}

/**
 * Vectors that were made already, in a file of JSON lines: the first tells whose they are. A photo that has changed is embedded again. They are
 * biometric data, as the photos are: keep the file where those are, or delete it.
 */
export class EmbeddingCache {
  readonly #path: string;
  readonly #lines: Map<string, Line>;

  private constructor(path: string, lines: Map<string, Line>) {
    this.#path = path;
    this.#lines = lines;
  }

  /**
   * Opens a file, or begins one.
   * @param maker what the vectors depend on: the embedder, and how faces are chosen
   * @throws RequestError INVALID_REQUEST when it is of another maker, not a file of this kind, or cannot be read or written
   */
  static async open(path: string, maker: Readonly<Record<string, string>>): Promise<EmbeddingCache> {
    const head = JSON.stringify(maker);
    const text = await readOrBegin(path, head);
    const [first = '', ...rest] = text.split('\n');
    if (first !== head || rest.length === 0) {
      throw new RequestError(
        'INVALID_REQUEST',
        `Expected vectors of ${head} in ${path}, received ${first.slice(0, 200)}. Name another file, or delete this one.`,
      );
    }
    // The last line is empty, or was cut off when the process ended: then it is taken off, so that the next one stands by itself.
    const cut = rest.pop() ?? '';
    if (cut !== '') await truncate(path, Buffer.byteLength(text) - Buffer.byteLength(cut));
    return new EmbeddingCache(path, new Map(rest.map(parseLine).map((line) => [line.photo, line])));
  }

  /** The vectors of the photos of a folder that are known, undefined for a photo without a face; photos that are not known are not in it. */
  async known(folder: string, photos: readonly string[]): Promise<Map<string, Float32Array | undefined>> {
    const known = new Map<string, Float32Array | undefined>();
    for (const photo of photos) {
      const line = this.#lines.get(photo);
      if (!line) continue;
      const { size, mtimeMs } = await stat(join(folder, photo));
      if (line.size === size && line.modified === mtimeMs)
        known.set(photo, line.embedding === undefined ? undefined : floatsOf(line.embedding));
    }
    return known;
  }

  /** Adds what was made of photos of a folder. */
  async add(folder: string, photos: readonly string[], embeddings: ReadonlyMap<string, Float32Array>): Promise<void> {
    const lines: Line[] = [];
    for (const photo of photos) {
      const { size, mtimeMs: modified } = await stat(join(folder, photo));
      const embedding = embeddings.get(photo);
      lines.push({ photo, size, modified, ...(embedding && { embedding: textOf(embedding) }) });
    }
    await appendFile(this.#path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }
}

async function readOrBegin(path: string, head: string): Promise<string> {
  try {
    const text = await readIfThere(path);
    if (text !== undefined) return text;
    await writeFile(path, `${head}\n`, { mode: 0o600 });
    return `${head}\n`;
  } catch (cause) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected to keep vectors in ${path}, could not use it. Check the path.`,
      {
        cause,
      },
    );
  }
}

function parseLine(text: string): Line {
  return JSON.parse(text) as Line;
}

function textOf({ buffer, byteOffset, byteLength }: Float32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function floatsOf(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
