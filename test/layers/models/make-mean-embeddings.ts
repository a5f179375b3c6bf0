import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalog } from '../../../layers/models/catalog.ts';
import { joinEmbedders } from '../../../layers/models/joined-embedder.ts';
import { narrowEmbedder } from '../../../layers/models/narrow-embedder.ts';
import { readEmbedder } from '../../../lib/adapters/model-folder.ts';
import { openEmbedder } from '../../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../../lib/config.ts';
import { embedPhotos } from '../../../local/evaluation/embed-photos.ts';
import { photosIn } from '../../../local/photo-files.ts';
import { installEmbedder } from '../../../local/training/install-embedder.ts';
import { openVision } from '../../../local/vision.ts';

// Run with `npx tsx test/layers/models/make-mean-embeddings.ts lfw/images` when a part of mobilefacenet-ensemble changes, then pin the new file in the catalog.
const images = process.argv[2]!;
const photos = (await photosIn([images])).map(({ name }) => name).filter((name) => name.includes('/'));
const vision = await openVision('mobilefacenet-faceplugin');
const { graph: first } = await readEmbedder(modelsFolder(), 'mobilefacenet');
const { graph: second, card } = await readEmbedder(modelsFolder(), 'mobilefacenet-faceplugin');
const dimensions = [catalog['mobilefacenet-ensemble'].card.dimensions - card.dimensions, card.dimensions] as const;
const graph = joinEmbedders('uncentred', [
  { graph: narrowEmbedder(first, dimensions[0]), mean: new Array(dimensions[0]).fill(0) },
  { graph: second, mean: new Array(dimensions[1]).fill(0) },
]);
const folder = await mkdtemp(join(tmpdir(), 'uncentred-'));
try {
  await installEmbedder(folder, { ...card, id: 'uncentred', dimensions: dimensions[0] + dimensions[1] }, graph);
  const embedder = await openEmbedder(folder, 'uncentred', 2);
  const embeddings = await embedPhotos({ ...vision, embedder }, images, photos, { choice: 'central', onPhoto() {} });
  const sum = new Float64Array(embedder.card.dimensions);
  for (const embedding of embeddings.values()) for (const [i, value] of embedding.entries()) sum[i] += value;
  // Each of the two has the length √½ in what they make together.
  const mean = Array.from(sum, (value) => ((value / embeddings.size) * Math.SQRT2).toFixed(4));
  const lines = [mean.slice(0, dimensions[0]), mean.slice(dimensions[0])].map((values) =>
    values.map(Number).join(', '),
  );
  const file = new URL('../../../layers/models/mean-embeddings.ts', import.meta.url);
  const [before] = (await readFile(file, 'utf8')).split(/(?<== \{\n)/);
  await writeFile(file, `${before}  mobilefacenet: [${lines[0]}],\n  faceplugin: [${lines[1]}],\n};\n`);
} finally {
  await rm(folder, { recursive: true });
}
