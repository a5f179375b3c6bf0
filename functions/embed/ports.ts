import { createSqsClient } from '../../lib/adapters/aws-clients.ts';
import { openEmbedder } from '../../lib/adapters/onnx-embedder.ts';
import { createLog } from '../../lib/adapters/powertools-log.ts';
import { createMetrics } from '../../lib/adapters/powertools-metrics.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';
import { createTagQueue } from '../../lib/adapters/sqs-queues.ts';
import { readConfig } from '../../lib/config.ts';
import type { EmbedPorts } from '../../lib/core/embed-faces.ts';
import { registryOf } from '../registry.ts';

/** What embed leans on. */
export async function embedPorts(): Promise<EmbedPorts> {
  const config = readConfig();
  const traced = await openTracing(config);
  return {
    embedder: await openEmbedder(config.models, config.embedder, config.threads),
    registry: registryOf(config, traced),
    tags: createTagQueue(traced(createSqsClient()), config.tagsQueueUrl),
    log: createLog('embed'),
    metrics: createMetrics('embed', config.metricsNamespace),
  };
}
