import { npmRegistry } from '../../lib/config.ts';
import { isModelId } from './catalog.ts';
import { ensureModels } from './ensure.ts';

/** A script of the image build: `make-models FOLDER ID…` makes the models that are not in the folder yet. One that the catalog does not know has to be there. */
const [folder, ...ids] = process.argv.slice(2) as [string, ...string[]];
await ensureModels(ids.filter(isModelId), { folder, registry: npmRegistry(), progress: console.log });
