import { Command } from 'commander';
import { defaultCollection } from '../../lib/core/keys.ts';
import { ask, withData } from '../connect.ts';
import { counted } from '../counted.ts';

interface Options {
  readonly data: string;
  readonly collection: string;
  readonly json?: true;
}

/** `facenet people`: who is enrolled. */
export function peopleCommand(): Command {
  return withData(new Command('people'))
    .description('list who is enrolled')
    .option('--collection <name>', 'which collection', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0, also when nobody is enrolled.')
    .action(listPeople);
}

async function listPeople({ data, collection, json }: Options): Promise<void> {
  const people = await ask(data, (client) => client.people(collection));
  if (json) console.log(JSON.stringify({ people }, null, 2));
  else if (people.length === 0) {
    const where = collection === defaultCollection ? '' : ` --collection ${JSON.stringify(collection)}`;
    console.log(`nobody yet; enrol somebody: facenet add alice.jpg --person alice${where}`);
  }
  for (const { person, faceIds, enrolledAt } of json ? [] : people) {
    console.log(`${person}  ${counted(faceIds.length, 'photo')}, since ${enrolledAt}`);
  }
}
