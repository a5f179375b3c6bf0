import { createEventBridgeClient } from '../../lib/adapters/aws-clients.ts';
import { createEventBridgeBus } from '../../lib/adapters/eventbridge-bus.ts';
import { readEmbedderCard } from '../../lib/adapters/model-folder.ts';
import { createLog } from '../../lib/adapters/powertools-log.ts';
import { createMetrics } from '../../lib/adapters/powertools-metrics.ts';
import { openTracing } from '../../lib/adapters/powertools-tracing.ts';
import { readConfig } from '../../lib/config.ts';
import { atFalseMatchRate } from '../../lib/core/false-match-rate.ts';
import type { TagPorts } from '../../lib/core/tag-image.ts';
import { registryOf } from '../registry.ts';

/** What match/tag leans on. */
export async function tagPorts(): Promise<TagPorts> {
  const config = readConfig();
  const traced = await openTracing(config);
  return {
    registry: registryOf(config, traced),
    embedder: atFalseMatchRate(await readEmbedderCard(config.models, config.embedder), config.falseMatchRate),
    bus: createEventBridgeBus(traced(createEventBridgeClient()), config.bus),
    log: createLog('tag'),
    metrics: createMetrics('tag', config.metricsNamespace),
    now: () => new Date(),
  };
}
