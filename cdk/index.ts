/** What a user's own CDK app imports: `facenet-serverless/cdk`. */
export { AccessKeySecret } from './access-key-secret.ts';
export { ApiAuth, type JwtAuth } from './api-auth.ts';
export { FaceRecognition } from './face-recognition.ts';
export type { ExistingTable, FaceRecognitionProps } from './face-recognition-props.ts';
export { PipelineQueue } from './pipeline-queue.ts';
export { RecognitionFunction } from './recognition-function.ts';
