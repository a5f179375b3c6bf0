import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { usedOf } from '../../functions/match/http/answers.ts';
import { RequestError } from '../../lib/core/errors.ts';
import { defaultCollection } from '../../lib/core/keys.ts';
import { type Verification, verifyPhotos } from '../../lib/core/verify-faces.ts';
import { noSuchPhoto } from '../api-client.ts';
import { ask, withData } from '../connect.ts';
import { noStore } from '../no-store.ts';
import { exitCode } from '../report-failure.ts';
import { openVision } from '../vision.ts';

interface Options {
  readonly data: string;
  readonly person?: string;
  readonly collection: string;
  readonly json?: true;
}

/** `facenet verify`: the same person or not. */
export function verifyCommand(): Command {
  return withData(new Command('verify'))
    .description('compare the largest faces of two photos, or of a photo and somebody enrolled')
    .argument('<photo>', 'a photo')
    .argument('[other]', 'another photo')
    .option('--person <name>', 'somebody enrolled, instead of another photo')
    .option('--collection <name>', 'which collection the person is in', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code: 0 the same person, 1 not the same, 2 a photo or the call is wrong.')
    .action(verify);
}

async function verify(photo: string, other: string | undefined, options: Options): Promise<void> {
  const { data, collection, person, json } = options;
  if ((other === undefined) === (person === undefined)) {
    throw new RequestError(
      'INVALID_REQUEST',
      `Expected another photo or --person, received ${other === undefined ? 'neither' : 'both'}. See facenet verify --help.`,
    );
  }
  const result =
    person === undefined
      ? await compare(photo, other!)
      : await ask(data, (client) => client.verifyPerson(photo, person, collection));
  if (json) console.log(JSON.stringify(result, null, 2));
  else console.log(sentenceOf(result));
  if (!result.verified) process.exitCode = exitCode.no;
}

async function compare(photo: string, other: string) {
  const [source, target] = await Promise.all([photo, other].map(readPhoto));
  const result = await verifyPhotos(
    { ...(await openVision()), store: noStore },
    { photo: source! },
    { photo: target! },
  );
  return { ...result, source: usedOf(result.source), target: usedOf(result.target) };
}

async function readPhoto(path: string): Promise<{ readonly bytes: Uint8Array }> {
  try {
    return { bytes: await readFile(path) };
  } catch (cause) {
    throw noSuchPhoto(path, cause);
  }
}

function sentenceOf({ verified, distance, similarity, threshold, model }: Verification): string {
  const verdict = verified ? 'the same person' : 'not the same person';
  return `${verdict}: similarity ${similarity.toFixed(1)}, distance ${distance.toFixed(3)} (at most ${threshold} is the same), ${model}`;
}
