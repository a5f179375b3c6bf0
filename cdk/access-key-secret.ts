import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { variable } from '../lib/config.ts';
import { acknowledge } from './acknowledge.ts';
import type { RecognitionFunction } from './recognition-function.ts';

export interface AccessKeySecretProps {
  readonly encryptionKey: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** The secret that holds the access keys which the operator issues. It is made without a value, so that no deployment ever puts one over theirs. */
export class AccessKeySecret extends Construct {
  readonly secretArn: string;
  readonly #encryptionKey: IKey;

  constructor(scope: Construct, id: string, { encryptionKey, removalPolicy }: AccessKeySecretProps) {
    super(scope, id);
    this.#encryptionKey = encryptionKey;
    const secret = new CfnSecret(this, 'Secret', {
      description: 'Access keys for the API; facenet keys issues and revokes them',
      kmsKeyId: encryptionKey.keyArn,
    });
    secret.applyRemovalPolicy(removalPolicy);
    this.secretArn = secret.ref;
    const reason =
      'Keys are issued to callers one by one, who have to be told; facenet keys replaces one by another without a gap.';
    acknowledge(secret, 'SMG4', reason);
    acknowledge(secret, 'SecretsManagerRotationEnabled', reason);
  }

  /** Tells a function where the keys are, and lets it read them and nothing else. */
  allowReading(by: RecognitionFunction): void {
    by.function.addEnvironment(variable.keySecret, this.secretArn);
    by.allow(['secretsmanager:GetSecretValue'], this.secretArn);
    by.allowKeyFor('secretsmanager', ['kms:Decrypt'], this.#encryptionKey);
  }
}
