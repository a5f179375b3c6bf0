import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { PipelineQueue } from './pipeline-queue.ts';
import type { RecognitionFunction } from './recognition-function.ts';

export interface Watched {
  readonly queues: Readonly<Record<string, PipelineQueue>>;
  readonly functions: Readonly<Record<string, RecognitionFunction>>;
  readonly api: HttpApi;
}

export interface RecognitionAlarmsProps extends Watched {
  readonly topic?: ITopic | undefined;
}

/** Minutes after which a waiting message means that the stage does not keep up, or does not run. */
const oldMinutes = 30;

/** What a person must act on. docs/operations.md says, for each, what it means and what to do. */
export class RecognitionAlarms extends Construct {
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { queues, functions, api, topic }: RecognitionAlarmsProps) {
    super(scope, id);
    const minutes = (count: number) => ({ period: Duration.minutes(count) });
    this.alarms = [
      ...Object.entries(queues).flatMap(([name, { queue, deadLetters }]) => [
        this.#alarm(
          `${name}DeadLetters`,
          deadLetters.metricApproximateNumberOfMessagesVisible({ ...minutes(1), statistic: 'Maximum' }),
          {
            description: `Messages of ${name} failed five times and are parked. Read the log of the function that follows the queue, mend the cause, redrive.`,
            threshold: 1,
            periods: 1,
          },
        ),
        this.#alarm(`${name}Age`, queue.metricApproximateAgeOfOldestMessage({ ...minutes(5), statistic: 'Maximum' }), {
          description: `Messages of ${name} wait for more than ${oldMinutes} minutes. Raise the concurrency when the function is busy; look at its errors and throttles when it is not.`,
          threshold: oldMinutes * 60,
          periods: 3,
        }),
      ]),
      ...Object.entries(functions).map(([name, { function: lambda }]) =>
        this.#alarm(`${name}Errors`, lambda.metricErrors({ ...minutes(5), statistic: 'Sum' }), {
          description: `${name} crashes, runs out of time or does not start. Read its log; a wrong setting or a missing model is named there.`,
          threshold: 1,
          periods: 3,
        }),
      ),
      this.#alarm('ApiFailures', api.metricServerError({ ...minutes(5), statistic: 'Sum' }), {
        description:
          'The API answers 5xx. Read the log of Match, and look whether the account runs out of concurrency.',
        threshold: 5,
        periods: 2,
      }),
    ];
    for (const alarm of this.alarms) {
      if (topic) alarm.addAlarmAction(new SnsAction(topic));
      else
        acknowledge(
          alarm,
          'CloudWatchAlarmAction',
          'Whom to tell is the choice of who deploys: the property alarmTopic.',
        );
    }
  }

  #alarm(
    id: string,
    metric: IMetric,
    {
      description,
      threshold,
      periods,
    }: { readonly description: string; readonly threshold: number; readonly periods: number },
  ): Alarm {
    return new Alarm(this, id, {
      alarmDescription: `${description} docs/operations.md has the steps.`,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}
