import { readFile, writeFile } from 'node:fs/promises';
import { openEmbedder } from '../../lib/adapters/onnx-embedder.ts';
import { modelsFolder } from '../../lib/config.ts';
import { sampleCrops } from './sample-crops.ts';

// Run with `npx tsx test/adapters/make-embedding-goldens.ts` when a conversion or an alignment changes on purpose.
const goldens: Record<string, number[][]> = {};
for (const id of ['mobilefacenet-ensemble', 'mobilefacenet-faceplugin', 'mobilefacenet', 'dlib-resnet']) {
  const embedder = await openEmbedder(modelsFolder(), id, 1);
  const vectors = await embedder.embed(await sampleCrops(embedder.card.crop));
  goldens[id] = vectors.map((vector) => Array.from(vector, (value) => Number(value.toFixed(6))));
}
const file = new URL('goldens/embeddings.json', import.meta.url);
await writeFile(file, `${JSON.stringify(goldens)}\n`);
console.log(`${(await readFile(file)).length} bytes`);
