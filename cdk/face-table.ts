import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { CfnTable, type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { attribute, tableDefinition, vectorIndex } from '../lib/adapters/dynamo-table.ts';
import type { EmbedderCard } from '../lib/vision/embedder-card.ts';
import { acknowledge } from './acknowledge.ts';

type Embedder = Pick<EmbedderCard, 'id' | 'dimensions'>;

export interface FaceTableProps {
  readonly encryptionKey: IKey;
  /** The embedder that is in use comes first; each has a vector index. */
  readonly embedders: readonly [Embedder, ...Embedder[]];
  readonly removalPolicy: RemovalPolicy;
}

/** The table of faces, people and images. Its keys and indexes are those that the adapter works with. */
export class FaceTable extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, { encryptionKey, embedders, removalPolicy }: FaceTableProps) {
    super(scope, id);
    const { TableName, ...definition } = tableDefinition({ table: '', embedder: embedders[0] });
    const table = new CfnTable(this, 'Resource', {
      ...camelCased(definition),
      // By name, so that moving to another embedder leaves the table as it is.
      vectorIndexes: camelCased(embedders.map(vectorIndex).toSorted((a, b) => (a.IndexName < b.IndexName ? -1 : 1))),
      sseSpecification: { sseEnabled: true, sseType: 'KMS', kmsMasterKeyId: encryptionKey.keyArn },
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtectionEnabled: removalPolicy !== RemovalPolicy.DESTROY,
      timeToLiveSpecification: { attributeName: attribute.expiresAt, enabled: true },
    });
    table.applyRemovalPolicy(removalPolicy);
    Validations.of(table).acknowledge({
      id: 'CloudFormation-Validate::E3039',
      reason: 'The attribute that it calls unused is a filter of the vector index, which the rule does not know yet.',
    });
    acknowledge(
      table,
      'DynamoDBInBackupPlan',
      'Point-in-time recovery reaches back 35 days; a plan of AWS Backup belongs to the account.',
    );
    this.table = Table.fromTableAttributes(this, 'Table', { tableArn: table.attrArn, encryptionKey });
  }
}

type CamelCased<T> = T extends readonly (infer E)[]
  ? CamelCased<E>[]
  : T extends object
    ? { [K in keyof T as Uncapitalize<K & string>]: CamelCased<T[K]> }
    : T;

/** CloudFormation's properties are named as DynamoDB's own; CDK writes them with a small letter at first. */
function camelCased<T>(value: T): CamelCased<T> {
  if (Array.isArray(value)) return value.map(camelCased) as CamelCased<T>;
  if (typeof value !== 'object' || value === null) return value as CamelCased<T>;
  const entries = Object.entries(value).map(([name, of]) => [name[0]!.toLowerCase() + name.slice(1), camelCased(of)]);
  return Object.fromEntries(entries) as CamelCased<T>;
}
