import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Command } from 'commander';
import { createDynamoDbClient, createS3Client } from '../../lib/adapters/aws-clients.ts';
import { DynamoFaceRegistry } from '../../lib/adapters/dynamo-face-registry.ts';
import { vectorName } from '../../lib/adapters/dynamo-table.ts';
import { ensureVectorIndex, hasVectorIndex, vectorIndexIsActive } from '../../lib/adapters/dynamo-vector-index.ts';
import { openEmbedder } from '../../lib/adapters/onnx-embedder.ts';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { variable } from '../../lib/config.ts';
import { expectCollection } from '../../lib/core/collections.ts';
import { ConfigError, RequestError } from '../../lib/core/errors.ts';
import { allPages } from '../../lib/core/pages.ts';
import type { FaceRegistry, ImageStore } from '../../lib/core/ports.ts';
import { type LeftFace, type ReembedPorts, reembedCollection } from '../../lib/core/reembed.ts';
import type { EmbedderCard } from '../../lib/vision/embedder-card.ts';
import { localDynamoDbClient, localS3Client } from '../clients.ts';
import { connect, withData } from '../connect.ts';
import { expectRegion } from '../expect-region.ts';
import { type ProgressBar, startProgressBar } from '../progress-bar.ts';
import { exitCode } from '../report-failure.ts';
import { prepareVision } from '../vision.ts';

interface Options {
  readonly data: string;
  readonly table?: string;
  readonly bucket?: string;
  readonly collection?: string;
  readonly json?: true;
}

/** Where the faces and their photos are: on this machine, or in an AWS account. */
interface Place {
  readonly dynamodb: DynamoDBClient;
  readonly store: Pick<ImageStore, 'read'>;
  readonly table: string;
  readonly bucket: string;
  readonly isLocal: boolean;
  close(): Promise<void>;
}

/** `facenet reembed`: moves collections to another embedder, while searches go on by the old one. */
export function reembedCommand(): Command {
  return withData(new Command('reembed'))
    .description('give all stored faces the vectors of another embedder, while searches go on by the old one')
    .argument('<embedder>', 'the id of the embedder to move to')
    .option('--collection <name>', 'which collection; usually all')
    .option('--table <name>', 'the table in your AWS account, instead of the one on this machine')
    .option('--bucket <name>', 'the bucket in your AWS account')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
It can be ended and begun again at any time: what is done stays done. When it says that all is whole, let the functions use the embedder.

Exit code: 0 whole, 1 some faces were left, because their photo is gone, was replaced, or came through the API and was never kept.

Examples:
  facenet reembed facenet-vggface2 && ${variable.embedder}=facenet-vggface2 facenet start
  facenet reembed facenet-vggface2 --table Faces --bucket my-photos`,
    )
    .action(reembed);
}

async function reembed(id: string, options: Options): Promise<void> {
  const vision = await prepareVision(id);
  const embedder = await openEmbedder(vision.models, id, vision.threads);
  const place = await openPlace(options, vision);
  let bar: ProgressBar | undefined;
  const totals = { moved: 0, already: 0 };
  const left: LeftFace[] = [];
  try {
    const { dynamodb, store, table } = place;
    if (place.isLocal) await ensureVectorIndex(dynamodb, table, embedder.card);
    else await expectVectorIndex(place, embedder.card);
    const registry = new DynamoFaceRegistry({ client: dynamodb, table, embedder: id });
    const ports: ReembedPorts = {
      store,
      decoder: createSharpDecoder({ ...vision, crop: embedder.card.crop }),
      embedder,
      registry,
    };
    if (options.collection) await expectCollection(registry, options.collection);
    const collections = options.collection ? [options.collection] : await collectionsOf(registry);
    for (const collection of collections) {
      const pass = (images: number) => {
        bar?.stop();
        bar = startProgressBar(collection, images);
      };
      const done = await reembedCollection(ports, collection, { pass, image: () => bar?.advance() });
      totals.moved += done.moved;
      totals.already += done.already;
      left.push(...done.left);
    }
    await vectorIndexIsActive(dynamodb, table, id);
  } finally {
    bar?.stop();
    await place.close();
  }
  if (options.json) console.log(JSON.stringify({ embedder: id, ...totals, left: left.map(leftOf) }, null, 2));
  else print(id, totals, left);
  if (left.length > 0) process.exitCode = exitCode.no;
}

async function openPlace({ data, table, bucket }: Options, limits: { readonly maxImageBytes: number }): Promise<Place> {
  if ((table === undefined) !== (bucket === undefined)) {
    throw new RequestError('INVALID_REQUEST', 'Expected --table and --bucket together, received one of them.');
  }
  if (table !== undefined && bucket !== undefined) {
    const dynamodb = createDynamoDbClient();
    await expectRegion(dynamodb);
    const store = createS3ImageStore(createS3Client({ s3PathStyle: false }), limits);
    return { dynamodb, store, table, bucket, isLocal: false, close: async () => dynamodb.destroy() };
  }
  const stack = await connect(data);
  const dynamodb = localDynamoDbClient(stack.dynamodb);
  const store = createS3ImageStore(localS3Client(stack.s3), limits);
  const close = async () => {
    dynamodb.destroy();
    await stack.close();
  };
  return { dynamodb, store, table: stack.table, bucket: stack.bucket, isLocal: true, close };
}

/** In AWS the table belongs to its stack, which would find an index that it has not made in its way. */
async function expectVectorIndex({ dynamodb, table }: Place, card: EmbedderCard): Promise<void> {
  if (await hasVectorIndex(dynamodb, table, card)) return;
  throw new ConfigError(
    `Expected the table ${table} to have the vector index ${vectorName(card.id)}, found none. Deploy with ${card.id} among otherEmbedders first; docs/reembed.md has the steps.`,
  );
}

async function collectionsOf(registry: FaceRegistry): Promise<string[]> {
  const collections: string[] = [];
  for await (const { collection } of allPages((page) => registry.listCollections(page))) collections.push(collection);
  return collections;
}

function leftOf({ face: { faceId, source }, reason }: LeftFace) {
  return { faceId, key: source?.key, reason };
}

function print(id: string, { moved, already }: { moved: number; already: number }, left: readonly LeftFace[]): void {
  for (const { faceId, key, reason } of left.map(leftOf)) console.log(`left  ${faceId}  ${key ?? 'no key'}: ${reason}`);
  console.log(`${moved} faces moved to ${id}, ${already} were there already, ${left.length} left`);
  console.log(
    left.length > 0
      ? 'Those left are not found by it. Put their photos back, index them again, or forget them.'
      : `Whole. Set ${variable.embedder}=${id} for all functions, then run this once more for what came in between.`,
  );
}
