import {
  createDynamoDbClient,
  createEventBridgeClient,
  createS3Client,
  createSqsClient,
} from '../lib/adapters/aws-clients.ts';
import { DynamoFaceRegistry } from '../lib/adapters/dynamo-face-registry.ts';
import { createEventBridgeBus } from '../lib/adapters/eventbridge-bus.ts';
import { readEmbedderCard } from '../lib/adapters/model-folder.ts';
import { openDetector } from '../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../lib/adapters/onnx-embedder.ts';
import { createLog } from '../lib/adapters/powertools-log.ts';
import { createS3ImageStore } from '../lib/adapters/s3-image-store.ts';
import { createSharpDecoder } from '../lib/adapters/sharp-decoder.ts';
import { createFaceQueue, createTagQueue } from '../lib/adapters/sqs-queues.ts';
import { type Config, readConfig } from '../lib/config.ts';
import type { DetectPorts } from '../lib/core/detect-image.ts';
import type { EmbedPorts } from '../lib/core/embed-faces.ts';
import type { FaceRegistry } from '../lib/core/ports.ts';
import type { TagPorts } from '../lib/core/tag-image.ts';
import type { ApiPorts } from './match/http/app.ts';
import { once } from './once.ts';

/** What detect leans on, made once per cold start. */
export const detectPorts = once(async (): Promise<DetectPorts> => {
  const config = readConfig();
  const { models, embedder } = config;
  const [detector, card] = await Promise.all([openDetector(config), readEmbedderCard(models, embedder)]);
  const sqs = createSqsClient();
  return {
    store: createS3ImageStore(createS3Client(config), config),
    decoder: createSharpDecoder(config),
    detector,
    registry: registryOf(config),
    faces: createFaceQueue(sqs, config.facesQueueUrl),
    tags: createTagQueue(sqs, config.tagsQueueUrl),
    embedder: card,
    log: createLog('detect'),
  };
});

/** What embed leans on, made once per cold start. */
export const embedPorts = once(async (): Promise<EmbedPorts> => {
  const config = readConfig();
  return {
    embedder: await openEmbedder(config.models, config.embedder, config.threads),
    registry: registryOf(config),
    tags: createTagQueue(createSqsClient(), config.tagsQueueUrl),
    log: createLog('embed'),
  };
});

/** What match/tag leans on, made once per cold start. */
export const tagPorts = once(async (): Promise<TagPorts> => {
  const config = readConfig();
  return {
    registry: registryOf(config),
    embedder: await readEmbedderCard(config.models, config.embedder),
    bus: createEventBridgeBus(createEventBridgeClient(), config.bus),
    log: createLog('tag'),
    now: () => new Date(),
  };
});

/** What match/api leans on. */
export async function apiPorts(): Promise<ApiPorts> {
  const config = readConfig();
  const { models, embedder, threads } = config;
  const [detector, faceEmbedder] = await Promise.all([openDetector(config), openEmbedder(models, embedder, threads)]);
  return {
    store: createS3ImageStore(createS3Client(config), config),
    decoder: createSharpDecoder(config),
    detector,
    embedder: faceEmbedder,
    registry: registryOf(config),
    tags: createTagQueue(createSqsClient(), config.tagsQueueUrl),
    bucket: config.bucket,
    maxRequestBytes: config.maxRequestBytes,
    log: createLog('api'),
  };
}

function registryOf({ table }: Config): FaceRegistry {
  return new DynamoFaceRegistry({ client: createDynamoDbClient(), table });
}
