import { Command } from 'commander';
import { defaultCollection } from '../../lib/core/keys.ts';
import { ask, withData } from '../connect.ts';
import { describeIdentity } from '../describe-event.ts';
import { wholeOption } from '../options.ts';
import { exitCode } from '../report-failure.ts';

interface Options {
  readonly data: string;
  readonly collection: string;
  readonly count: number;
  readonly json?: true;
}

/** `facenet search`: who is it, and where else are they. */
export function searchCommand(): Command {
  return withData(new Command('search'))
    .description('say who the largest face in a photo is, and in which photos it is too')
    .argument('<photo>', 'a photo')
    .option('--collection <name>', 'which collection', defaultCollection)
    .option('--count <n>', 'the most people and faces to list', wholeOption(1, 100), 10)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 somebody known, 1 unknown, 2 the photo or the call is wrong.')
    .action(search);
}

async function search(photo: string, { data, collection, count, json }: Options): Promise<void> {
  const result = await ask(data, (client) => client.search(photo, collection, count));
  if (json) console.log(JSON.stringify(result, null, 2));
  else {
    console.log(describeIdentity(result.identity));
    for (const { key, faceId, person, distance, similarity } of result.faces) {
      console.log(
        `  ${similarity.toFixed(1).padStart(5)}  ${distance.toFixed(3)}  ${key ?? faceId}  ${person ?? 'unknown'}`,
      );
    }
  }
  if (!result.identity) process.exitCode = exitCode.no;
}
