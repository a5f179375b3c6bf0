import { Command } from 'commander';
import { RequestError } from '../../lib/core/errors.ts';
import { defaultCollection, meaningOfKey, personPrefix, photosPrefix } from '../../lib/core/keys.ts';
import { type AddedPhoto, addPhotos } from '../add-photos.ts';
import { connect, withData } from '../connect.ts';
import { counted } from '../counted.ts';
import { describeEvent } from '../describe-event.ts';
import { type PhotoFile, photosIn } from '../photo-files.ts';
import { startProgressBar } from '../progress-bar.ts';
import { exitCode } from '../report-failure.ts';

interface Options {
  readonly data: string;
  readonly person?: string;
  readonly collection: string;
  readonly json?: true;
}

/** `facenet add`: puts photos into the bucket and waits until each is through. */
export function addCommand(): Command {
  return withData(new Command('add'))
    .description('put photos into the bucket, to be indexed, or with --person to enrol somebody')
    .argument('<path...>', 'photos, or folders of them')
    .option('--person <name>', 'the largest face in each photo is this person')
    .option('--collection <name>', 'which collection', defaultCollection)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Exit code: 0 all photos were taken, 1 some were rejected, 3 some did not come through.

Examples:
  facenet add alice.jpg --person alice
  facenet add ~/Pictures/2026`,
    )
    .action(add);
}

async function add(paths: string[], { data, person, collection, json }: Options): Promise<void> {
  const prefix = person === undefined ? photosPrefix(collection) : personPrefix(collection, person);
  const keyOf = ({ name }: PhotoFile) => prefix + name;
  checkNames(keyOf({ path: '', name: 'x' }), person, collection);
  const photos = await photosIn(paths);
  const connection = await connect(data);
  const bar = startProgressBar('photos', photos.length);
  const start = performance.now();
  let added: AddedPhoto[];
  try {
    added = await addPhotos(connection, photos, keyOf, bar.advance);
  } finally {
    bar.stop();
    await connection.close();
  }
  const seconds = (performance.now() - start) / 1000;
  if (json) console.log(JSON.stringify({ photos: added.map(outcomeOf), seconds }, null, 2));
  else print(added, seconds);
  if (added.some(({ event }) => event?.type === 'Image Rejected')) process.exitCode = exitCode.no;
  if (added.some(({ event }) => !event)) process.exitCode = exitCode.failed;
}

function checkNames(key: string, person: string | undefined, collection: string): void {
  const meaning = meaningOfKey(key);
  const fits = meaning.kind === (person === undefined ? 'photo' : 'enrol') && meaning.collection === collection;
  if (fits && (meaning.kind !== 'enrol' || meaning.person === person)) return;
  throw new RequestError(
    'INVALID_REQUEST',
    `Expected names without slashes, received ${JSON.stringify(person ?? collection)}. A person or a collection is one folder in the bucket.`,
  );
}

function outcomeOf({ key, event }: AddedPhoto) {
  switch (event?.type) {
    case undefined:
      return { key, status: 'lost' };
    case 'Image Rejected':
      return { key, status: 'rejected', code: event.detail.code, reason: event.detail.reason };
    case 'Person Enrolled':
      return { key, status: 'enrolled', person: event.detail.person, face: event.detail.face };
    case 'Image Indexed':
      return { key, status: 'indexed', faces: event.detail.faces };
  }
}

/** A few photos are told one by one; of many only those that were not taken. */
const fewPhotos = 20;

function print(added: readonly AddedPhoto[], seconds: number): void {
  const isTaken = ({ event }: AddedPhoto) => event && event.type !== 'Image Rejected';
  for (const photo of added) {
    if (!photo.event) console.log(`lost       ${photo.key}: no event came; see functions.log in the data folder`);
    else if (added.length <= fewPhotos || !isTaken(photo)) console.log(describeEvent(photo.event));
  }
  const faces = added.flatMap(({ event }) => (event?.type === 'Image Indexed' ? event.detail.faces : []));
  const known = faces.filter(({ identity }) => identity).length;
  const enrolled = added.filter(({ event }) => event?.type === 'Person Enrolled').length;
  const taken = added.filter(isTaken).length;
  // Photos of one call all enrol one person, or none does.
  const found = enrolled > 0 ? `${enrolled} enrolled` : `${counted(faces.length, 'face')}, ${known} of them known`;
  const rate = (added.length / seconds).toFixed(1);
  console.log(
    `${taken} of ${counted(added.length, 'photo')} taken, ${found}; ${seconds.toFixed(1)} s, ${rate} photos/s`,
  );
}
