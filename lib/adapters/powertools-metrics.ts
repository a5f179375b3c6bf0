import { Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import { type Metric, type Metrics, metrics as units } from '../core/metrics.ts';

/** Metrics as lines of the log in CloudWatch's embedded metric format, which cost no call. Without a namespace, as on a laptop, nothing is counted. */
export function createMetrics(serviceName: string, namespace: string | undefined): Metrics {
  if (!namespace) return { add() {} };
  const metrics = new PowertoolsMetrics({ serviceName, namespace });
  return {
    add(values) {
      for (const [name, value] of Object.entries(values)) metrics.addMetric(name, units[name as Metric], value);
      metrics.publishStoredMetrics();
    },
  };
}
