import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { QualityFilter, RekognitionClient } from '@aws-sdk/client-rekognition';
import { Command, Option } from 'commander';
import { RequestError } from '../../lib/core/errors.ts';
import { withData } from '../connect.ts';
import { counted } from '../counted.ts';
import { photosUnder } from '../migration/bucket-photos.ts';
import { calledError, imagesByExternalId, rekognitionAt } from '../migration/endpoints.ts';
import { type ExternalIdOf, type IdRule, idAmong, idRules, readIdFile } from '../migration/external-ids.ts';
import { type IndexedPhotos, indexPhotos } from '../migration/index-photos.ts';
import { MigrationJournal } from '../migration/journal.ts';
import { type MovedUsers, moveUsers } from '../migration/move-users.ts';
import { ensureCollection, openPlace, type PlaceOptions, withPlace } from '../migration/place.ts';
import { concurrencyOption } from '../options.ts';
import { startProgressBar } from '../progress-bar.ts';
import { exitCode } from '../report-failure.ts';

interface Options extends PlaceOptions {
  readonly collection: string;
  readonly ids?: string;
  readonly idsFrom?: string;
  readonly idRule: IdRule | 'none';
  readonly usersFrom?: string;
  readonly fromEndpoint?: string;
  readonly fromProfile?: string;
  readonly fromRegion?: string;
  readonly quality: QualityFilter;
  readonly journal?: string;
  readonly concurrency: number;
  readonly json?: true;
}

/** `facenet migrate`: indexes the photos of a bucket into a collection, as they were in Amazon Rekognition. */
export function migrateCommand(): Command {
  return withData(withPlace(new Command('migrate')))
    .description(
      'index the photos of a bucket into a collection, with the ExternalImageIds that they have in Rekognition',
    )
    .requiredOption('--collection <name>', 'the collection to index into; it is made where it is not there')
    .option('--ids <file>', 'which key has which ExternalImageId: a .csv of key and id, or .json {"<key>":"<id>"}')
    .option('--ids-from <name>', 'take the ids that a collection of Rekognition has, where they are made of keys')
    .addOption(
      new Option(
        '--id-rule <rule>',
        'make the ids of the keys: of the whole key (with : for /), of the file name, or of that without its extension',
      )
        .choices([...Object.keys(idRules), 'none'])
        .default('name'),
    )
    .option(
      '--users-from <name>',
      'when all is indexed, make the users of a collection of Rekognition, with the same faces',
    )
    .option('--from-endpoint <url>', 'where that collection is, if not in Amazon Rekognition')
    .option('--from-profile <name>', 'whose AWS credentials and region to read it with')
    .option('--from-region <name>', 'the region that it is in')
    .addOption(
      new Option('--quality <filter>', 'faces below this are not indexed')
        .choices(['NONE', 'AUTO', 'LOW', 'MEDIUM', 'HIGH'])
        .default('AUTO'),
    )
    .option(
      '--journal <file>',
      'which photos are done, so that the next run goes on (default: <data>/migrate/<bucket>-<collection>.jsonl)',
    )
    .option('--concurrency <count>', 'photos on their way at the same time', concurrencyOption, 4)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It can be ended and begun again at any time: photos that are done are passed over, unless they or their ids have changed. docs/rekognition.md has the whole way.

Exit code: 0 all photos are indexed, 1 some were left, 2 the call is wrong, 3 something did not answer: run it again.

Examples:
  facenet migrate --bucket old-photos --prefix users/ --collection users --ids ids.csv
  facenet migrate --bucket old-photos --collection users --ids-from users --endpoint https://api.example.com --profile faces`,
    )
    .action(migrate);
}

async function migrate(options: Options): Promise<void> {
  const { bucket, prefix, collection, concurrency, quality } = options;
  const { usersFrom } = options;
  const idOf = await idsOf(options);
  const from = usersFrom === undefined ? undefined : { client: await oldRekognition(options), collection: usersFrom };
  const place = await openPlace(options);
  try {
    await ensureCollection(place.client, collection);
    const photos = await photosUnder(place.s3, bucket, prefix);
    const bar = startProgressBar('photos', photos.length);
    const start = performance.now();
    const journal = await openJournal(options);
    const idsAreOptional = options.idRule === 'none';
    const done = await indexPhotos(photos, {
      ...place,
      collection,
      idOf,
      idsAreOptional,
      quality,
      journal,
      concurrency,
      advance: bar.advance,
    }).finally(() => bar.stop());
    const seconds = (performance.now() - start) / 1000;
    const users = from && (await moveUsers(from, { ...place, collection }));
    const result = { collection, photos: photos.length, ...done, ...(users && { users }), seconds };
    if (options.json) console.log(JSON.stringify(result, null, 2));
    else print(photos.length, done, users, seconds);
    if (done.left.length + (users?.left.length ?? 0) > 0) process.exitCode = exitCode.no;
  } finally {
    await place.close();
  }
}

function oldRekognition({ fromEndpoint, fromProfile, fromRegion }: Options): Promise<RekognitionClient> {
  return rekognitionAt({ url: fromEndpoint, profile: fromProfile, region: fromRegion });
}

async function idsOf(options: Options): Promise<ExternalIdOf> {
  const { ids, idsFrom, idRule } = options;
  if (ids !== undefined && idsFrom !== undefined) {
    throw new RequestError('INVALID_REQUEST', 'Expected --ids or --ids-from, received both. Leave one out.');
  }
  if (ids !== undefined) {
    const known = await readIdFile(ids);
    return (key) => known.get(key);
  }
  if (idsFrom !== undefined) {
    const images = await imagesByExternalId(await oldRekognition(options), idsFrom).catch((error: unknown) => {
      throw calledError(error, 'the endpoint of --ids-from');
    });
    return idAmong(images);
  }
  return idRule === 'none' ? () => undefined : idRules[idRule];
}

async function openJournal({ data, bucket, collection, journal }: Options): Promise<MigrationJournal> {
  const file = journal ?? join(data, 'migrate', `${bucket}-${encodeURIComponent(collection)}.jsonl`);
  await mkdir(dirname(file), { recursive: true });
  return MigrationJournal.open(file);
}

function print(
  photos: number,
  { indexed, faces, before, left }: IndexedPhotos,
  users: MovedUsers | undefined,
  seconds: number,
): void {
  for (const { key, code, reason } of left) console.log(`left  ${key}  ${code}: ${reason}`);
  const earlier = before > 0 ? `, ${before} were before` : '';
  console.log(
    `${indexed} of ${counted(photos, 'photo')} indexed (${counted(faces, 'face')})${earlier}, ${left.length} left; ${seconds.toFixed(1)} s`,
  );
  if (!users) return;
  for (const { user, faceId } of users.left)
    console.log(`left  the face ${faceId} of ${user}: it is not in the collection`);
  console.log(
    `${counted(users.users, 'user')} with ${counted(users.faces, 'face')}, ${counted(users.left.length, 'face')} left`,
  );
}
