import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ModelError } from '../core/errors.ts';
import type { EmbedderCard } from '../vision/embedder-card.ts';
import { failedWith } from './files.ts';

const point = z.tuple([z.number(), z.number()]);
const three = z.tuple([z.number(), z.number(), z.number()]);
const files = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/));
const embedderFileSchema = z.object({
  kind: z.literal('embedder'),
  id: z.string(),
  dimensions: z.int().positive(),
  crop: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('similarity'),
      size: z.int().positive(),
      template: z.tuple([point, point, point, point, point]),
    }),
    z.object({ kind: z.literal('box'), size: z.int().positive(), margin: z.number() }),
  ]),
  channels: z.enum(['RGB', 'BGR']),
  mean: three,
  deviation: three,
  operatingPoints: z
    .array(z.object({ falseMatchRate: z.number(), distance: z.number(), trueMatchRate: z.number().optional() }))
    .min(1),
  similarity: z.array(z.object({ distance: z.number(), similarity: z.number() })).min(2),
  licence: z.string(),
  provenance: z.string(),
  files,
});
const detectorFileSchema = z.object({ kind: z.literal('detector'), id: z.string(), files });

/** What makes a model of the catalog; one that `facenet train` made has to be taught again. */
function remedyFor(id: string): string {
  return `Run \`npm run models -- ${id}\` (or \`facenet models ${id}\`).`;
}

/**
 * Reads an embedder's card and graph.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT, with the remedy
 */
export async function readEmbedder(
  folder: string,
  id: string,
): Promise<{ readonly card: EmbedderCard; readonly graph: Uint8Array }> {
  const { files: pinned, ...card } = await readCard(embedderFileSchema, folder, id);
  const [graph] = await readGraphs(folder, id, pinned);
  return { card, graph };
}

/**
 * Reads an embedder's card alone, for those who need to know of it but do not run it.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT, with the remedy
 */
export async function readEmbedderCard(folder: string, id: string): Promise<EmbedderCard> {
  const { files: _, ...card } = await readCard(embedderFileSchema, folder, id);
  return card;
}

/**
 * Reads MTCNN's three graphs: proposal, refinement and output net.
 * @throws ModelError MODEL_MISSING or MODEL_CORRUPT, with the remedy
 */
export async function readMtcnn(
  folder: string,
): Promise<{ readonly pnet: Uint8Array; readonly rnet: Uint8Array; readonly onet: Uint8Array }> {
  const { files: pinned } = await readCard(detectorFileSchema, folder, 'mtcnn');
  const [pnet, rnet, onet] = await readGraphs(folder, 'mtcnn', pinned);
  return { pnet, rnet, onet };
}

async function readCard<S extends z.ZodType>(schema: S, folder: string, id: string): Promise<z.infer<S>> {
  const bytes = await readModelFile(folder, id, `${id}.json`);
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString()));
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause;
    throw new ModelError(
      'MODEL_CORRUPT',
      `The card ${id}.json in ${folder} is none that this version reads. ${remedyFor(id)}`,
      { cause },
    );
  }
}

function readGraphs(folder: string, id: string, pinned: Readonly<Record<string, string>>): Promise<Uint8Array[]> {
  return Promise.all(
    Object.entries(pinned).map(async ([name, sha256]) => {
      const bytes = await readModelFile(folder, id, name);
      const received = createHash('sha256').update(bytes).digest('hex');
      if (received === sha256) return bytes;
      throw new ModelError(
        'MODEL_CORRUPT',
        `Expected ${name} in ${folder} with SHA-256 ${sha256}, received ${received}. ${remedyFor(id)}`,
      );
    }),
  );
}

async function readModelFile(folder: string, id: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    if (!failedWith(cause, 'ENOENT')) throw cause;
    throw new ModelError(
      'MODEL_MISSING',
      `Expected the model file ${name} in ${folder}, found none. ${remedyFor(id)}`,
      {
        cause,
      },
    );
  }
}
