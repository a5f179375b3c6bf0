import { App, CfnOutput, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { FaceRecognition } from './face-recognition.ts';

/** Our own app: one stack, for the account and the region that it is deployed to. Choices come as `-c name=value`; cdk/README.md lists them. */
const app = new App();
const stack = new Stack(app, 'Facenet', { description: 'facenet-serverless: private face recognition' });
const embedder: string | undefined = app.node.tryGetContext('embedder');
const alarmEmail: string | undefined = app.node.tryGetContext('alarmEmail');

const recognition = new FaceRecognition(stack, 'FaceRecognition', {
  ...(embedder && { embedder }),
  ...(alarmEmail && { alarmTopic: topicTo(alarmEmail) }),
  ...(app.node.tryGetContext('accessKeys') === 'true' && { accessKeys: true }),
  ...(app.node.tryGetContext('removable') === 'true' && { removalPolicy: RemovalPolicy.DESTROY }),
});
new CfnOutput(stack, 'Bucket', { value: recognition.bucket.bucketName });
new CfnOutput(stack, 'Table', { value: recognition.table.tableName });
new CfnOutput(stack, 'Bus', { value: recognition.bus.eventBusName });
new CfnOutput(stack, 'ApiUrl', { value: recognition.apiUrl });
if (recognition.accessKeys) new CfnOutput(stack, 'AccessKeys', { value: recognition.accessKeys.secretArn });

// A deployment that these packs object to does not begin.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));

/** A topic that mails the alarms. CloudWatch has to be let in to it and to its key, by name. */
function topicTo(email: string): Topic {
  const conditions = { StringEquals: { 'aws:SourceAccount': stack.account } };
  const alarms = new ServicePrincipal('cloudwatch.amazonaws.com', { conditions });
  const masterKey = new Key(stack, 'AlarmKey', { enableKeyRotation: true });
  masterKey.grant(alarms, 'kms:Decrypt', 'kms:GenerateDataKey');
  const topic = new Topic(stack, 'Alarms', { masterKey, enforceSSL: true });
  topic.grantPublish(alarms);
  topic.addSubscription(new EmailSubscription(email));
  return topic;
}
