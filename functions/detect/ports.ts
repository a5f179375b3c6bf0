import { createS3Client, createSqsClient } from '../../lib/adapters/aws-clients.ts';
import { readEmbedderCard } from '../../lib/adapters/model-folder.ts';
import { openDetector } from '../../lib/adapters/mtcnn-detector.ts';
import { createLog } from '../../lib/adapters/powertools-log.ts';
import { createMetrics } from '../../lib/adapters/powertools-metrics.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';
import { createS3ImageStore } from '../../lib/adapters/s3-image-store.ts';
import { createSharpDecoder } from '../../lib/adapters/sharp-decoder.ts';
import { createFaceQueue, createTagQueue } from '../../lib/adapters/sqs-queues.ts';
import { readConfig } from '../../lib/config.ts';
import type { DetectPorts } from '../../lib/core/detect-image.ts';
import { registryOf } from '../registry.ts';

/** What detect leans on. */
export async function detectPorts(): Promise<DetectPorts> {
  const config = readConfig();
  const traced = await openTracing(config);
  const { models, embedder } = config;
  const [detector, card] = await Promise.all([openDetector(config), readEmbedderCard(models, embedder)]);
  const sqs = traced(createSqsClient());
  return {
    store: createS3ImageStore(traced(createS3Client(config)), config),
    decoder: createSharpDecoder({ ...config, crop: card.crop }),
    detector,
    registry: registryOf(config, traced),
    faces: createFaceQueue(sqs, config.facesQueueUrl),
    tags: createTagQueue(sqs, config.tagsQueueUrl),
    embedder: card,
    log: createLog('detect'),
    metrics: createMetrics('detect', config.metricsNamespace),
  };
}
