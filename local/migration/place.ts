import {
  AccessDeniedException,
  CreateCollectionCommand,
  type Image,
  type RekognitionClient,
  ResourceAlreadyExistsException,
} from '@aws-sdk/client-rekognition';
import { S3Client } from '@aws-sdk/client-s3';
import type { Command } from 'commander';
import { localS3Client, region } from '../clients.ts';
import { connect } from '../connect.ts';
import { expectRegion } from '../expect-region.ts';
import { type BucketPhoto, bytesOf } from './bucket-photos.ts';
import { calledError, rekognitionAt } from './endpoints.ts';

export interface PlaceOptions {
  readonly data: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly s3Endpoint?: string;
  readonly s3Profile?: string;
  readonly endpoint?: string;
  readonly profile?: string;
  readonly byKey?: true;
}

/** Where the photos are, and the API that indexes and searches them. */
export interface Place {
  readonly client: RekognitionClient;
  readonly s3: S3Client;
  readonly imageOf: (photo: BucketPhoto) => Promise<Image>;
  close(): Promise<void>;
}

/** Gives a command the options that name the place. */
export function withPlace(command: Command): Command {
  return command
    .requiredOption('--bucket <name>', 'the bucket that the photos are in')
    .option('--prefix <prefix>', 'only photos whose keys begin so', '')
    .option('--s3-endpoint <url>', 'where the bucket is, if not in AWS')
    .option('--s3-profile <name>', 'whose AWS credentials and region to read the bucket with')
    .option('--endpoint <url>', 'the API; without it, the stack on the folder of --data')
    .option('--profile <name>', "whose credentials the API's access key is")
    .option('--by-key', 'the bucket is the one that the API serves: send keys instead of bytes');
}

/**
 * Opens the way to the photos and to the API. The bucket of a stack on this machine is read there, and by its keys.
 * @throws ConfigError when nothing says the region of the bucket; ConfigError, ModelError as `startStack` does
 */
export async function openPlace({
  data,
  bucket,
  s3Endpoint,
  s3Profile,
  endpoint,
  profile,
  byKey,
}: PlaceOptions): Promise<Place> {
  const stack = endpoint === undefined ? await connect(data) : undefined;
  const isOfStack = stack !== undefined && bucket === stack.bucket && s3Endpoint === undefined;
  const client = await rekognitionAt({ url: endpoint ?? stack?.api, profile });
  const s3 = isOfStack ? localS3Client(stack.s3) : s3At(s3Endpoint, s3Profile);
  const imageOf = async ({ key }: BucketPhoto): Promise<Image> =>
    byKey || isOfStack ? { S3Object: { Bucket: bucket, Name: key } } : { Bytes: await bytesOf(s3, bucket, key) };
  const close = async () => {
    s3.destroy();
    client.destroy();
    await stack?.close();
  };
  await expectRegion(s3).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return { client, s3, imageOf, close };
}

/** Makes a collection where it is not there. A key that may not make any is good enough where it is. */
export async function ensureCollection(client: RekognitionClient, collection: string): Promise<void> {
  await client.send(new CreateCollectionCommand({ CollectionId: collection })).catch((error: unknown) => {
    if (error instanceof ResourceAlreadyExistsException || error instanceof AccessDeniedException) return;
    throw calledError(error, 'the endpoint that indexes');
  });
}

function s3At(endpoint: string | undefined, profile: string | undefined): S3Client {
  if (endpoint !== undefined && profile === undefined) return localS3Client(endpoint);
  return new S3Client({
    ...(profile !== undefined && { profile }),
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true, region }),
  });
}
