import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { FaceRecognition } from './face-recognition.ts';

const app = new App();
const stack = new Stack(app, 'Facenet', { description: 'facenet-serverless: private face recognition' });
const recognition = new FaceRecognition(stack, 'FaceRecognition');

new CfnOutput(stack, 'Bucket', { value: recognition.bucket.bucketName });
new CfnOutput(stack, 'Bus', { value: recognition.bus.eventBusName });
new CfnOutput(stack, 'ApiUrl', { value: recognition.apiUrl });
