import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { createCollection, deleteCollection, describeCollection } from '../../../lib/core/collections.ts';
import {
  collectionAnswer,
  collectionDescription,
  collectionOf,
  collectionsAnswer,
  deletedCollection,
} from './answers.ts';
import type { ApiPorts } from './app.ts';
import { jsonBody, readJson } from './body.ts';
import { tag } from './contract.ts';
import {
  collectionPath,
  createCollectionBody,
  deleteCollectionQuery,
  noQuery,
  pageOf,
  plainPageQuery,
  writeHeaders,
} from './inputs.ts';
import { answers, created, jsonCodes, writeCodes } from './problem.ts';

/** The routes to collections. */
export function collectionsRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry } = ports;

  const list = createRoute({
    method: 'get',
    path: '/collections',
    operationId: 'listCollections',
    tags: [tag.collections],
    summary: 'The collections that there are',
    request: { query: plainPageQuery },
    responses: answers('A page of collections', collectionsAnswer),
  });
  app.openapi(list, async (c) => {
    const { items, next } = await registry.listCollections(pageOf(c.req.valid('query')));
    return c.json({ collections: items.map(collectionOf), next }, 200);
  });

  const create = createRoute({
    method: 'post',
    path: '/collections',
    operationId: 'createCollection',
    tags: [tag.collections],
    summary: 'Make a collection',
    description: 'The first photo under collections/<collection>/ in the bucket makes it, too. `main` is always there.',
    request: { query: noQuery, headers: writeHeaders, body: jsonBody(app, 'CreateCollection', createCollectionBody) },
    responses: created('The collection', collectionAnswer, 'COLLECTION_EXISTS', ...jsonCodes, ...writeCodes),
  });
  app.openapi(create, async (c) => {
    return c.json(
      collectionOf(await createCollection(registry, (await readJson(c, createCollectionBody)).collection)),
      201,
    );
  });

  const describe = createRoute({
    method: 'get',
    path: '/collections/{collection}',
    operationId: 'describeCollection',
    tags: [tag.collections],
    summary: 'A collection, and how much is in it',
    description: 'It is counted anew each time, which takes longer the more there is.',
    request: { params: collectionPath, query: noQuery },
    responses: answers('The collection', collectionDescription, 'COLLECTION_NOT_FOUND'),
  });
  app.openapi(describe, async (c) => {
    const { faces, people, ...collection } = await describeCollection(registry, c.req.valid('param').collection);
    return c.json({ ...collectionOf(collection), faces, people }, 200);
  });

  const forget = createRoute({
    method: 'delete',
    path: '/collections/{collection}',
    operationId: 'deleteCollection',
    tags: [tag.collections],
    summary: 'Forget a collection with all its people and faces',
    description:
      '`main` stays, empty. Photos stay in the bucket unless `photos` is true; they are not looked at again. What breaks off, as a large collection may, is gone on with when it is repeated.',
    request: { params: collectionPath, query: deleteCollectionQuery, headers: writeHeaders },
    responses: answers('The collection that is gone', deletedCollection, 'COLLECTION_NOT_FOUND', ...writeCodes),
  });
  app.openapi(forget, async (c) => {
    const { collection } = c.req.valid('param');
    await deleteCollection(ports, collection, c.req.valid('query'));
    return c.json({ collection }, 200);
  });

  return app;
}
