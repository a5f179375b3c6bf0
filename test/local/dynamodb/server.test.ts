import { request } from 'node:http';
import { GetItemCommand, ListTablesCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/core/errors.ts';
import { startDynamoDb } from '../../../local/dynamodb/server.ts';
import { faceItem, faceKey, startFixture, table, vectorIndex } from './fixture.ts';

describe('the DynamoDB of the embedded stack', () => {
  it('passes on what it does not know better', async () => {
    const fixture = await startFixture();
    const Item = { ...faceItem('a', [1, 2]), listing: { S: 'x' } };
    await fixture.client.send(new PutItemCommand({ TableName: table, Item }));

    await fixture.restart();

    const { client } = fixture;
    expect((await client.send(new GetItemCommand({ TableName: table, Key: faceKey('a') }))).Item).toEqual(Item);
    const { Items } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'by-collection',
        KeyConditionExpression: '#c = :c',
        ExpressionAttributeNames: { '#c': 'collection' },
        ExpressionAttributeValues: { ':c': { S: 'main' } },
      }),
    );
    expect(Items).toHaveLength(1);
    expect((await client.send(new ListTablesCommand())).TableNames).toEqual([table]);
  });

  it('lets one process own a folder, and says which', async () => {
    const { path } = await startFixture();

    const second = startDynamoDb({ path });

    await expect(second).rejects.toBeInstanceOf(ConfigError);
    await expect(second).rejects.toThrow(`process ${process.pid}`);
  });

  it('outlives a client that breaks off in the middle of a request', async () => {
    const { url, search } = await startFixture();

    await new Promise<void>((resolve) => {
      const broken = request(url, {
        method: 'POST',
        headers: { 'x-amz-target': 'DynamoDB_20120810.PutItem', 'content-length': '1000' },
      });
      broken.on('error', () => resolve());
      broken.write('{"TableName":', () => broken.destroy());
    });

    expect(await search([0, 0])).toEqual([]);
  });

  it.each([
    ['PutItem', { Item: { a: null } }],
    ['PutItem', { Item: [null] }],
    ['UpdateItem', { Key: { pk: null, sk: 5 } }],
    ['DeleteItem', { TableName: null, Key: {} }],
    ['BatchWriteItem', { RequestItems: { [table]: null } }],
    ['BatchWriteItem', { RequestItems: { [table]: [null, { PutRequest: { Item: null } }] } }],
    ['CreateTable', { VectorIndexes: [null], AttributeDefinitions: 5 }],
    ['UpdateTable', { VectorIndexUpdates: null }],
    ['UpdateTable', { VectorIndexUpdates: [{ Delete: null }] }],
    ['SearchVectors', { IndexName: vectorIndex, SearchVector: [null], TopK: 1 }],
    ['constructor', {}],
  ])('refuses a %s with %o, and goes on', async (operation, input) => {
    const { url, search } = await startFixture();
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
      'x-amz-date': '20200101T000000Z',
    };

    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ TableName: table, ...input }) });

    expect(answer.status).toBe(400);
    expect(await answer.json()).toHaveProperty('__type');
    expect(await search([0, 0])).toEqual([]);
  });

  it('answers what is no request as DynamoDB does', async () => {
    const { url } = await startFixture();
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.SearchVectors' };

    const answer = await fetch(url, { method: 'POST', headers, body: '{"TableName":' });

    expect(answer.status).toBe(400);
  });
});
