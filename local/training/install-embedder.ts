import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';

/** Puts an embedder into the models folder, graph and card; the card goes last, so that what has one is whole. */
export async function installEmbedder(folder: string, card: EmbedderCard, graph: Uint8Array): Promise<void> {
  const name = `${card.id}.onnx`;
  const sha256 = createHash('sha256').update(graph).digest('hex');
  const workshop = join(folder, `.making-${card.id}-${randomUUID()}`);
  await mkdir(workshop, { recursive: true });
  try {
    await writeFile(join(workshop, name), graph);
    await writeFile(join(workshop, 'card'), `${JSON.stringify({ ...card, files: { [name]: sha256 } }, null, 2)}\n`);
    await rename(join(workshop, name), join(folder, name));
    await rename(join(workshop, 'card'), join(folder, `${card.id}.json`));
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}
