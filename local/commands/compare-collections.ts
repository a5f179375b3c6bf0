import type { RekognitionClient } from '@aws-sdk/client-rekognition';
import { Command } from 'commander';
import { withData } from '../connect.ts';
import { counted } from '../counted.ts';
import { bytesOf, photosUnder } from '../migration/bucket-photos.ts';
import { type Agreement, agreementOf, type ComparedSearch, compareSearches } from '../migration/compare-searches.ts';
import { calledError, imagesByExternalId, rekognitionAt } from '../migration/endpoints.ts';
import { idAmong, readIdFile } from '../migration/external-ids.ts';
import { openPlace, type PlaceOptions, withPlace } from '../migration/place.ts';
import { concurrencyOption, similarityOption, wholeOption } from '../options.ts';
import { percent } from '../percent.ts';
import { startProgressBar } from '../progress-bar.ts';
import { exitCode } from '../report-failure.ts';

interface Options extends PlaceOptions {
  readonly collection: string;
  readonly fromCollection: string;
  readonly fromEndpoint?: string;
  readonly fromProfile?: string;
  readonly fromRegion?: string;
  readonly ids?: string;
  readonly threshold: number;
  readonly fromThreshold: number;
  readonly photos: number;
  readonly concurrency: number;
  readonly json?: true;
}

/** What a call with bytes takes; larger photos are not compared. */
const mostBytes = 5 * 1024 * 1024;

/** `facenet compare-collections`: does the new collection find what the old one finds? */
export function compareCollectionsCommand(): Command {
  return withData(withPlace(new Command('compare-collections')))
    .description('search an old and a new collection for the same photos, and tell how far they agree')
    .requiredOption('--collection <name>', 'the new collection')
    .requiredOption('--from-collection <name>', 'the old one')
    .option('--from-endpoint <url>', 'where the old one is, if not in Amazon Rekognition')
    .option('--from-profile <name>', 'whose AWS credentials and region to search it with')
    .option('--from-region <name>', 'the region that it is in')
    .option('--ids <file>', 'the ExternalImageIds that `facenet migrate` was given')
    .option('--threshold <similarity>', 'what counts as found in the new one', similarityOption, 80)
    .option('--from-threshold <similarity>', 'what counts as found in the old one', similarityOption, 80)
    .option('--photos <count>', 'at most so many, spread over the bucket', wholeOption(1, 1_000_000), 200)
    .option('--concurrency <count>', 'searches at the same time', concurrencyOption, 4)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
Each photo is searched for by its largest face. What it finds is told by ExternalImageIds; its own, under which it was indexed, does not count.

Exit code: 0 the most similar photo is always the same, or none on both sides; 1 it is not always; 2 the call is wrong; 3 something did not answer.

Examples:
  facenet compare-collections --bucket old-photos --collection users --from-collection users
  facenet compare-collections --bucket old-photos --collection users --from-collection users --threshold 95 --json`,
    )
    .action(compareCollections);
}

async function compareCollections(options: Options): Promise<void> {
  const { bucket, prefix, collection, fromCollection, threshold, fromThreshold, concurrency } = options;
  const old = await rekognitionAt({
    url: options.fromEndpoint,
    profile: options.fromProfile,
    region: options.fromRegion,
  });
  const place = await openPlace(options);
  try {
    const idOf = await ownIds(options, place.client);
    const fitting = (await photosUnder(place.s3, bucket, prefix)).filter(({ size }) => size <= mostBytes);
    const photos = spread(fitting, options.photos);
    const bar = startProgressBar('photos', photos.length);
    const searches = await compareSearches(photos, {
      from: {
        client: old,
        collection: fromCollection,
        threshold: fromThreshold,
        imageOf: async ({ key }) => ({ Bytes: await bytesOf(place.s3, bucket, key) }),
      },
      to: { ...place, collection, threshold },
      idOf,
      concurrency,
      advance: bar.advance,
    }).finally(() => bar.stop());
    const agreement = agreementOf(searches);
    const apart = searches.filter(({ from, to }) => from?.[0] !== to?.[0]);
    if (options.json) console.log(JSON.stringify({ ...agreement, apart }, null, 2));
    else print(agreement, apart);
    if (agreement.same < agreement.photos) process.exitCode = exitCode.no;
  } finally {
    old.destroy();
    await place.close();
  }
}

async function ownIds({ ids, collection }: Options, client: RekognitionClient) {
  if (ids !== undefined) {
    const known = await readIdFile(ids);
    return (key: string) => known.get(key);
  }
  const images = await imagesByExternalId(client, collection).catch((error: unknown) => {
    throw calledError(error, 'the endpoint of the new collection');
  });
  return idAmong(images);
}

/** At most so many of them, evenly from the first to the last. */
function spread<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(most, items.length) }, (_, i) => items[Math.floor(i * step)]!);
}

function print(
  { photos, same, different, onlyFrom, onlyTo, overlap }: Agreement,
  apart: readonly ComparedSearch[],
): void {
  for (const { key, from, to } of apart) {
    console.log(`${key}: ${from?.[0] ?? 'nobody'} in the old one, ${to?.[0] ?? 'nobody'} in the new one`);
  }
  console.log(
    `${counted(photos, 'photo')} with a face: the same is found in ${same} (${percent(photos === 0 ? 1 : same / photos, 1)}), another in ${different}, only by the old one in ${onlyFrom}, only by the new one in ${onlyTo}`,
  );
  console.log(`Of all that either finds, both find ${percent(overlap, 1)}.`);
}
