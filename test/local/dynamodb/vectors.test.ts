import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  PutItemCommand,
  ResourceNotFoundException,
  SearchVectorsCommand,
  type SearchVectorsCommandInput,
  UpdateItemCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { Backend } from '../../../local/dynamodb/backend.ts';
import { faceItem, faceKey, numbers, startFixture, table, tableInput, vectorIndex } from './fixture.ts';

const put = (id: string, vector: number[], of?: { collection?: string; role?: string }) =>
  new PutItemCommand({ TableName: table, Item: faceItem(id, vector, of) });

describe('a vector index', () => {
  it('answers the nearest first, with the Euclidean distance as score and the whole item', async () => {
    const { client, search } = await startFixture();
    for (const [id, x] of [
      ['far', 9],
      ['near', 3],
      ['nearer', 1],
    ] as const)
      await client.send(put(id, [x, 0]));

    expect(await search([0, 0])).toEqual([
      { id: 'nearer', score: 1 },
      { id: 'near', score: 3 },
      { id: 'far', score: 9 },
    ]);
    expect(await search([0, 0], { count: 1 })).toHaveLength(1);
  });

  it('searches one collection, and one role of it when asked', async () => {
    const { client, search } = await startFixture();
    await client.send(put('enrolled', [1, 0], { role: 'person' }));
    await client.send(put('seen', [2, 0]));
    await client.send(put('elsewhere', [0, 0], { collection: 'other' }));

    expect((await search([0, 0])).map(({ id }) => id)).toEqual(['enrolled', 'seen']);
    expect((await search([0, 0], { role: 'photo' })).map(({ id }) => id)).toEqual(['seen']);
    expect((await search([0, 0], { collection: 'other' })).map(({ id }) => id)).toEqual(['elsewhere']);
    expect(await search([0, 0], { collection: 'nowhere' })).toEqual([]);
  });

  it('follows every kind of write at once', async () => {
    const { client, search } = await startFixture();
    const ids = async () => (await search([0, 0])).map(({ id }) => id);

    await client.send(
      new BatchWriteItemCommand({
        RequestItems: { [table]: ['a', 'b', 'c'].map((id, i) => ({ PutRequest: { Item: faceItem(id, [i, 0]) } })) },
      }),
    );
    expect(await ids()).toEqual(['a', 'b', 'c']);
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: faceKey('a'),
        UpdateExpression: 'SET vector = :v',
        ExpressionAttributeValues: { ':v': numbers([5, 0]) },
      }),
    );
    expect(await ids()).toEqual(['b', 'c', 'a']);
    await client.send(put('c', [0, 0]));
    expect(await ids()).toEqual(['c', 'b', 'a']);
    await client.send(
      new UpdateItemCommand({ TableName: table, Key: faceKey('c'), UpdateExpression: 'REMOVE vector' }),
    );
    expect(await ids()).toEqual(['b', 'a']);
    await client.send(new DeleteItemCommand({ TableName: table, Key: faceKey('b') }));
    expect(await ids()).toEqual(['a']);
    await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: [{ DeleteRequest: { Key: faceKey('a') } }] } }),
    );
    expect(await ids()).toEqual([]);
  });

  it('moves an item whose collection or role changes', async () => {
    const { client, search } = await startFixture();
    await client.send(put('a', [1, 0]));
    await client.send(put('a', [1, 0], { collection: 'other', role: 'person' }));

    expect(await search([0, 0])).toEqual([]);
    expect(await search([0, 0], { collection: 'other', role: 'person' })).toHaveLength(1);
  });

  it('stays as it was when a condition refuses the write', async () => {
    const { client, search } = await startFixture();
    await client.send(put('a', [1, 0]));
    const refused = new PutItemCommand({
      TableName: table,
      Item: faceItem('a', [7, 0]),
      ConditionExpression: 'attribute_not_exists(pk)',
    });

    await expect(client.send(refused)).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
    expect(await search([0, 0])).toEqual([{ id: 'a', score: 1 }]);
  });

  it('ends as the table does when a face is written by many at once', async () => {
    const { client, search } = await startFixture();
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => [
        client.send(put('a', [i, 0])),
        client.send(new DeleteItemCommand({ TableName: table, Key: faceKey('a') })),
        client.send(put(`b${i}`, [100 + i, 0])),
      ]).flat(),
    );

    const found = await search([0, 0], { count: 30 });
    const { Items = [] } = await import('@aws-sdk/client-dynamodb').then(({ ScanCommand }) =>
      client.send(new ScanCommand({ TableName: table })),
    );
    const stored = Items.map(({ pk, vector }) => ({ id: pk!.S!.slice(6), score: Number(vector!.L![0]!.N) }));
    expect(found).toEqual(stored.sort((a, b) => a.score - b.score));
  });

  it('leaves out items without a vector, and without a collection', async () => {
    const { client, search } = await startFixture();
    const { vector, ...bare } = faceItem('bare', [0, 0]);
    const { collection, ...nowhere } = faceItem('nowhere', [0, 0]);
    for (const Item of [bare, nowhere]) await client.send(new PutItemCommand({ TableName: table, Item }));

    expect(vector.L).toHaveLength(2);
    expect(collection.S).toBe('main');
    expect(await search([0, 0])).toEqual([]);
  });

  it.each([
    ['of another length', numbers([1, 2, 3])],
    ['with something that is not a number', { L: [{ N: '1' }, { S: 'two' }] }],
    ['beyond float32', { L: [{ N: '1' }, { N: '1e39' }] }],
    ['that is no list', { S: '1,2' }],
  ])('refuses a vector %s', async (_, vector) => {
    const { client, search } = await startFixture();
    const Item = { ...faceItem('a', [0, 0]), vector };

    await expect(client.send(new PutItemCommand({ TableName: table, Item }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    await expect(
      client.send(new BatchWriteItemCommand({ RequestItems: { [table]: [{ PutRequest: { Item } }] } })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: faceKey('b'),
        UpdateExpression: 'SET vector = :v, #c = :c, #r = :c',
        ExpressionAttributeNames: { '#c': 'collection', '#r': 'role' },
        ExpressionAttributeValues: { ':v': vector as never, ':c': { S: 'main' } },
      }),
    );
    expect(await search([0, 0])).toEqual([]);
  });

  it('is there again after a restart, and described as active', async () => {
    const fixture = await startFixture();
    await fixture.client.send(put('a', [3, 4]));

    await fixture.restart();

    expect(await fixture.search([0, 0])).toEqual([{ id: 'a', score: 5 }]);
    const { Table } = await fixture.client.send(new DescribeTableCommand({ TableName: table }));
    expect(Table!.VectorIndexes).toMatchObject([
      { IndexName: vectorIndex, IndexStatus: 'ACTIVE', Dimensions: 2, DistanceFunction: 'EUCLIDEAN', ItemCount: 1 },
    ]);
    expect(Table!.AttributeDefinitions).toContainEqual({ AttributeName: 'role', AttributeType: 'S' });
  });

  it('can be added to a table that has items already, and taken away', async () => {
    const { client } = await startFixture();
    await client.send(
      new PutItemCommand({ TableName: table, Item: { ...faceItem('a', [0, 0]), other: numbers([1, 2, 2]) } }),
    );
    const second = {
      IndexName: 'second',
      VectorAttribute: { AttributeName: 'other' },
      Dimensions: 3,
      DistanceFunction: 'COSINE' as const,
      Projection: { ProjectionType: 'KEYS_ONLY' as const },
    };

    const { TableDescription } = await client.send(
      new UpdateTableCommand({ TableName: table, VectorIndexUpdates: [{ Create: second }] }),
    );
    const search = new SearchVectorsCommand({
      TableName: table,
      IndexName: 'second',
      SearchVector: numbers([2, 4, 4]).L,
      TopK: 5,
    });
    const { SearchResults } = await client.send(search);

    expect(TableDescription!.VectorIndexes).toHaveLength(2);
    expect(SearchResults).toEqual([
      { Item: { ...faceKey('a'), other: numbers([1, 2, 2]) }, Score: expect.closeTo(0, 9) },
    ]);
    await client.send(
      new UpdateTableCommand({ TableName: table, VectorIndexUpdates: [{ Delete: { IndexName: 'second' } }] }),
    );
    await expect(client.send(search)).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('can go while it is written to', async () => {
    const { client, search } = await startFixture();
    const deletion = { TableName: table, VectorIndexUpdates: [{ Delete: { IndexName: vectorIndex } }] };

    const writes = Array.from({ length: 20 }, (_, i) => client.send(put(String(i), [i, 0])));
    await client.send(new UpdateTableCommand(deletion));

    await Promise.all(writes);
    await expect(search([0, 0])).rejects.toMatchObject({ name: 'ValidationException' });
  });

  it('is at the next start as it was left, but for items whose change was announced', async () => {
    const { client, path, search, restart } = await startFixture();
    for (const [id, x] of [
      ['left', 1],
      ['announced', 2],
      ['deleted', 3],
    ] as const)
      await client.send(put(id, [x, 0]));

    await restart(async () => {
      // What a process does that dies after the table has a write, and before the index does.
      const journal = join(path, 'vectors', table, vectorIndex, 'journal');
      const keys = ['announced', 'deleted', 'new'].map((id) => JSON.stringify(Object.values(faceKey(id))));
      await appendFile(journal, `?99\t${keys.join('\t')}\n`);
      const backend = new Backend(join(path, 'tables'));
      await backend.start();
      for (const [id, x] of [
        ['left', 10],
        ['announced', 20],
        ['new', 30],
      ] as const) {
        await backend.call('PutItem', { TableName: table, Item: faceItem(id, [x, 0]) });
      }
      await backend.call('DeleteItem', { TableName: table, Key: faceKey('deleted') });
      await backend.close();
    });

    const found = [
      { id: 'left', score: 1 },
      { id: 'announced', score: 20 },
      { id: 'new', score: 30 },
    ];
    expect(await search([0, 0])).toEqual(found);
    await restart();
    expect(await search([0, 0])).toEqual(found);
  });

  it('is made of the whole table when it is lost', async () => {
    const { client, path, search, restart } = await startFixture();
    for (const [id, x] of [
      ['a', 1],
      ['b', 2],
    ] as const)
      await client.send(put(id, [x, 0]));

    await restart(() => rm(join(path, 'vectors'), { recursive: true }));

    expect((await search([0, 0])).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it.each([
    ['no key', {}],
    ['half a key', { pk: { S: 'image#a' } }],
    ['a key of another type', { pk: { S: 'image#a' }, sk: { N: '1' } }],
    ['a key that is no value', { pk: { S: 'image#a' }, sk: 'face' as never }],
  ])('starts again after a write with %s', async (_, Key) => {
    const { client, search, restart } = await startFixture();
    await client.send(put('a', [0, 0]));
    await expect(client.send(new DeleteItemCommand({ TableName: table, Key }))).rejects.toThrow();

    await restart();

    expect(await search([0, 0])).toHaveLength(1);
  });

  it('goes with its table', async () => {
    const { client, search } = await startFixture();
    await client.send(put('a', [0, 0]));

    await client.send(new DeleteTableCommand({ TableName: table }));
    await expect(search([0, 0])).rejects.toBeInstanceOf(ResourceNotFoundException);
    await client.send(new CreateTableCommand(tableInput(2)));
    expect(await search([0, 0])).toEqual([]);
  });
});

describe('SearchVectors', () => {
  const input: SearchVectorsCommandInput = {
    TableName: table,
    IndexName: vectorIndex,
    SearchVector: numbers([0, 0]).L,
    SearchConditionExpression: '#c = :c',
    ExpressionAttributeNames: { '#c': 'collection' },
    ExpressionAttributeValues: { ':c': { S: 'main' } },
    TopK: 10,
  };

  it('answers the attributes that are asked for', async () => {
    const { client } = await startFixture();
    await client.send(put('a', [0, 0]));
    const asked = {
      ...input,
      ProjectionExpression: 'pk, #r',
      ExpressionAttributeNames: { '#c': 'collection', '#r': 'role' },
    };

    const { SearchResults } = await client.send(new SearchVectorsCommand(asked));

    expect(SearchResults).toEqual([{ Item: { pk: { S: 'image#a' }, role: { S: 'photo' } }, Score: 0 }]);
  });

  it.each([
    ['parentheses', '(#c = :c)'],
    ['a name that stands for itself', 'collection = :c'],
    ['a lower-case and', '(#c = :c) and #r = :r'],
  ])('takes a condition with %s', async (_, SearchConditionExpression) => {
    const { client } = await startFixture();
    await client.send(put('a', [0, 0]));
    const names = { '#c': 'collection', '#r': 'role' };
    const values = { ':c': { S: 'main' }, ':r': { S: 'photo' } };
    const used = <T>(all: Record<string, T>) =>
      Object.fromEntries(Object.entries(all).filter(([name]) => SearchConditionExpression.includes(name)));

    const { SearchResults } = await client.send(
      new SearchVectorsCommand({
        ...input,
        SearchConditionExpression,
        ...(SearchConditionExpression.includes('#')
          ? { ExpressionAttributeNames: used(names) }
          : { ExpressionAttributeNames: undefined }),
        ExpressionAttributeValues: used(values),
      }),
    );

    expect(SearchResults).toHaveLength(1);
  });

  it.each<[string, Partial<SearchVectorsCommandInput>]>([
    ['an unknown index', { IndexName: 'nothing' }],
    ['more than 100 results', { TopK: 101 }],
    ['no results', { TopK: 0 }],
    ['a vector of another length', { SearchVector: numbers([1]).L }],
    ['a vector that is not numbers', { SearchVector: [{ S: 'a' }, { N: '1' }] }],
    [
      'no value for HASH',
      {
        SearchConditionExpression: undefined,
        ExpressionAttributeNames: undefined,
        ExpressionAttributeValues: undefined,
      },
    ],
    ['another operator', { SearchConditionExpression: '#c < :c' }],
    ['OR', { SearchConditionExpression: '#c = :c OR #c = :c' }],
    ['a condition that breaks off', { SearchConditionExpression: '#c = :c AND' }],
    ['an attribute that is not in the search schema', { SearchConditionExpression: '#c = :c AND pk = :c' }],
    ['a name that is not defined', { SearchConditionExpression: '#x = :c' }],
    ['a value that is not defined', { SearchConditionExpression: '#c = :x' }],
    ['a value that is not used', { ExpressionAttributeValues: { ':c': { S: 'main' }, ':x': { S: '' } } }],
    ['a name that is not used', { ExpressionAttributeNames: { '#c': 'collection', '#x': 'x' } }],
    ['a part of an attribute', { ProjectionExpression: 'vector[0]' }],
  ])('refuses %s', async (_, wrong) => {
    const { client } = await startFixture();

    await expect(client.send(new SearchVectorsCommand({ ...input, ...wrong }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringMatching(/\w/),
    });
  });

  it('says that a table is not there', async () => {
    const { client } = await startFixture();

    await expect(client.send(new SearchVectorsCommand({ ...input, TableName: 'nothing' }))).rejects.toBeInstanceOf(
      ResourceNotFoundException,
    );
  });
});
