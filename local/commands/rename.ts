import { Command } from 'commander';
import { defaultCollection } from '../../lib/core/keys.ts';
import { ask, withData } from '../connect.ts';
import { counted } from '../counted.ts';

interface Options {
  readonly data: string;
  readonly collection: string;
  readonly merge?: true;
  readonly json?: true;
}

/** `facenet rename`: gives a person another name, or makes two one. */
export function renameCommand(): Command {
  return withData(new Command('rename'))
    .description('give a person another name, in all photos, too; or say that they are somebody who is known already')
    .argument('<person>', 'the name that goes')
    .argument('<name>', 'the name that stays')
    .option('--merge', 'the name is somebody’s already: the two are one')
    .option('--collection <name>', 'which collection the person is in', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 it is done, 2 there is no such person, or there is one of the new name.')
    .action(rename);
}

async function rename(person: string, name: string, { data, collection, merge, json }: Options): Promise<void> {
  const known = await ask(data, (client) =>
    merge ? client.mergePerson(person, name, collection) : client.renamePerson(person, name, collection),
  );
  console.log(json ? JSON.stringify(known, null, 2) : `${known.person}  ${counted(known.faceIds.length, 'photo')}`);
}
