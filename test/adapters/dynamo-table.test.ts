import { describe, expect, test } from 'vitest';
import { tableDefinition, vectorName } from '../../lib/adapters/dynamo-table.ts';

describe('the table', () => {
  const definition = tableDefinition({ table: 'facenet', embedder: { id: 'mobilefacenet', dimensions: 192 } });

  test('declares each attribute of a key or a search schema, and no other, as DynamoDB demands', () => {
    const keys = [definition, ...definition.GlobalSecondaryIndexes].flatMap(({ KeySchema }) => KeySchema);
    const used = [...keys, ...definition.VectorIndexes.flatMap(({ SearchSchema }) => SearchSchema)];

    const declared = definition.AttributeDefinitions.map(({ AttributeName }) => AttributeName);

    expect(new Set(declared).size).toBe(declared.length);
    expect(new Set(declared)).toEqual(new Set(used.map(({ AttributeName }) => AttributeName)));
  });

  test('is on demand, without which there is no vector index', () => {
    expect(definition.BillingMode).toBe('PAY_PER_REQUEST');
  });

  test('has a vector index for its embedder, by Euclidean distance within a collection', () => {
    expect(definition.VectorIndexes).toEqual([
      {
        IndexName: vectorName('mobilefacenet'),
        VectorAttribute: { AttributeName: 'embedding-mobilefacenet' },
        Dimensions: 192,
        DistanceFunction: 'EUCLIDEAN',
        SearchSchema: [
          { AttributeName: 'collection', SearchSchemaElementType: 'HASH' },
          { AttributeName: 'role', SearchSchemaElementType: 'INLINE_FILTER' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ]);
  });
});
