import { Duration } from 'aws-cdk-lib';
import {
  Metric as CloudWatchMetric,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { Metric } from '../lib/core/metrics.ts';
import { prices } from './prices.ts';
import type { Watched } from './recognition-alarms.ts';

export interface RecognitionDashboardProps extends Watched {
  readonly metricsNamespace: string;
  readonly table: ITable;
}

const period = Duration.minutes(5);

/** One page: what comes in and goes out, what waits, what fails, how long it takes, what it costs. No name and no picture is on it. */
export class RecognitionDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: RecognitionDashboardProps) {
    super(scope, id);
    const { queues, functions, api } = props;
    const counted = (service: string, metricName: Metric, statistic = 'Sum') =>
      new CloudWatchMetric({
        namespace: props.metricsNamespace,
        metricName,
        dimensionsMap: { service },
        statistic,
        period,
        label: `${metricName} ${statistic}`,
      });
    const ofQueues = (metric: (name: string) => IMetric) => Object.keys(queues).map(metric);
    const ofFunctions = (metric: (name: string) => IMetric) => Object.keys(functions).map(metric);
    this.dashboard = new Dashboard(this, 'Dashboard');
    this.dashboard.addWidgets(
      graph('Photos in', [counted('detect', 'PhotosSearched'), counted('detect', 'PhotosRejected')]),
      graph('Faces out', [
        counted('detect', 'FacesFound'),
        counted('embed', 'FacesEmbedded'),
        counted('tag', 'FacesNamed'),
        counted('tag', 'FacesUnknown'),
      ]),
    );
    this.dashboard.addWidgets(
      graph(
        'Age of the oldest message, seconds',
        ofQueues((label) =>
          queues[label]!.queue.metricApproximateAgeOfOldestMessage({ label, period, statistic: 'Maximum' }),
        ),
      ),
      graph(
        'Dead letters',
        ofQueues((label) =>
          queues[label]!.deadLetters.metricApproximateNumberOfMessagesVisible({ label, period, statistic: 'Maximum' }),
        ),
      ),
    );
    this.dashboard.addWidgets(
      graph('Errors', [
        ...ofFunctions((label) => functions[label]!.function.metricErrors({ label, period })),
        ...ofFunctions((name) => functions[name]!.function.metricThrottles({ label: `${name} throttled`, period })),
        api.metricServerError({ label: 'API 5xx', period, statistic: 'Sum' }),
        api.metricClientError({ label: 'API 4xx', period, statistic: 'Sum' }),
      ]),
      graph('Latency, milliseconds', [
        ...['p50', 'p99'].map((statistic) => api.metricLatency({ label: `API ${statistic}`, period, statistic })),
        counted('detect', 'DetectDuration', 'p50'),
        counted('detect', 'DetectDuration', 'p99'),
        counted('embed', 'EmbedDuration', 'p50'),
        ...ofFunctions((name) =>
          functions[name]!.function.metricDuration({ label: `${name} p99`, period, statistic: 'p99' }),
        ),
      ]),
    );
    this.dashboard.addWidgets(
      graph('Cost of a thousand photos, US dollars', [
        costOfThousandPhotos(props, counted('detect', 'PhotosSearched')),
      ]),
    );
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 12, height: 6, leftYAxis: { min: 0 } });
}

/**
 * What the functions, the queues and the table cost for a thousand of the photos that were searched, at the prices of cdk/prices.ts. Storage is not in it,
 * nor the free tier; requests to the API are.
 */
function costOfThousandPhotos({ functions, queues, table }: RecognitionDashboardProps, photos: IMetric): IMetric {
  const usingMetrics: Record<string, IMetric> = { photos };
  const terms: string[] = [];
  const add = (id: string, metric: IMetric, dollars: number) => {
    usingMetrics[id] = metric;
    // CloudWatch knows no exponents.
    terms.push(`FILL(${id},0)*${dollars.toFixed(15)}`);
  };
  const sum = { period, statistic: 'Sum' };
  for (const [i, { function: lambda, memoryMiB }] of Object.values(functions).entries()) {
    add(`ms${i}`, lambda.metricDuration(sum), (prices.lambdaGiBSecond * memoryMiB) / 1024 / 1000);
    add(`calls${i}`, lambda.metricInvocations(sum), prices.lambdaMillionRequests / 1e6);
  }
  for (const [i, { queue }] of Object.values(queues).entries()) {
    // Sent, received, deleted: three requests a message at most, fewer in batches.
    add(`sent${i}`, queue.metricNumberOfMessagesSent(sum), (3 * prices.sqsMillionRequests) / 1e6);
  }
  add('writes', table.metricConsumedWriteCapacityUnits(sum), prices.dynamoDbMillionWriteUnits / 1e6);
  add('reads', table.metricConsumedReadCapacityUnits(sum), prices.dynamoDbMillionReadUnits / 1e6);
  return new MathExpression({
    expression: `1000*(${terms.join('+')})/photos`,
    usingMetrics,
    label: 'Lambda, SQS, DynamoDB',
    period,
  });
}
