import { createDynamoDbClient, createS3Client, createSqsClient } from '../../lib/adapters/aws-clients.ts';
import { openDetector } from '../../lib/adapters/mtcnn-detector.ts';
import { openEmbedder } from '../../lib/adapters/onnx-embedder.ts';
import { createAnsweredRequests } from '../../lib/adapters/powertools-idempotency.ts';
import { createLog } from '../../lib/adapters/powertools-log.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { createS3PhotoUploads } from '../../lib/adapters/s3-photo-uploads.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { createTagQueue } from '../../lib/adapters/sqs-queues.ts';
import { readCallersConfig, readConfig } from '../../lib/config.ts';
import { atFalseMatchRate } from '../../lib/core/false-match-rate.ts';
import { registryOf } from '../registry.ts';
import { callersOf } from './caller-ports.ts';
import type { ApiPorts } from './http/app.ts';

/** What match/api leans on. */
export async function apiPorts(): Promise<ApiPorts> {
  const config = readConfig();
  const traced = await openTracing(config);
  const callers = callersOf(readCallersConfig(), config, traced);
  const { models, embedder, threads } = config;
  const [detector, faceEmbedder] = await Promise.all([openDetector(config), openEmbedder(models, embedder, threads)]);
  const s3 = traced(createS3Client(config));
  return {
    store: createS3ImageStore(s3, config),
    uploads: createS3PhotoUploads(s3),
    answered: createAnsweredRequests({ client: traced(createDynamoDbClient()), table: config.table }),
    decoder: createSharpDecoder({ ...config, crop: faceEmbedder.card.crop }),
    detector,
    embedder: { ...faceEmbedder, card: atFalseMatchRate(faceEmbedder.card, config.falseMatchRate) },
    registry: registryOf(config, traced),
    tags: createTagQueue(traced(createSqsClient()), config.tagsQueueUrl),
    bucket: config.bucket,
    maxRequestBytes: config.maxRequestBytes,
    callers,
    maxImageBytes: config.maxImageBytes,
    now: () => new Date(),
    log: createLog('api'),
  };
}
