import { Command } from 'commander';
import { defaultCollection, meaningOfKey } from '../../lib/core/keys.ts';
import { ask, withData } from '../connect.ts';
import { counted } from '../counted.ts';

interface Options {
  readonly data: string;
  readonly collection: string;
  readonly json?: true;
}

/** `facenet forget`: removes a person or a photo for good. */
export function forgetCommand(): Command {
  return withData(new Command('forget'))
    .description('remove a person (the photos that enrolled them, their faces, their name everywhere) or one photo')
    .argument('<person|key>', 'a name, or the key of a photo such as photos/party.jpg')
    .option('--collection <name>', 'which collection the person is in', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 it is gone, 2 there is no such person or photo.')
    .action(forget);
}

async function forget(what: string, { data, collection, json }: Options): Promise<void> {
  const isKey = meaningOfKey(what).kind !== 'other';
  const { photos } = await ask(data, (client) =>
    isKey ? client.forgetPhoto(what) : client.forgetPerson(what, collection),
  );
  console.log(json ? JSON.stringify({ photos }, null, 2) : `${counted(photos, 'photo')} removed`);
}
