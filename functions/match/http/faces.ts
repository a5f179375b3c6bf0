import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { expectCollection } from '../../../lib/core/collections.ts';
import { deleteFaces } from '../../../lib/core/delete-faces.ts';
import { indexFaces } from '../../../lib/core/index-faces.ts';
import { faceAnswer, faceOf, facesAnswer, indexAnswer, indexedOf } from './answers.ts';
import type { ApiPorts } from './app.ts';
import { inputOf, photosBody, readFields } from './body.ts';
import { tag } from './contract.ts';
import {
  collectionQuery,
  deleteFaceQuery,
  facePath,
  facesQuery,
  indexRequest,
  pageOf,
  writeHeaders,
} from './inputs.ts';
import { answers, photoCodes, writeCodes } from './problem.ts';
import { theFace } from './the-face.ts';

const faceCodes = ['COLLECTION_NOT_FOUND', 'FACE_NOT_FOUND'] as const;

/** The routes to stored faces. */
export function facesRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry } = ports;

  const listFaces = createRoute({
    method: 'get',
    path: '/faces',
    operationId: 'listFaces',
    tags: [tag.faces],
    summary: 'The faces that are stored, or those of a person',
    request: { query: facesQuery },
    responses: answers('A page of faces; none of a collection that is not there', facesAnswer),
  });
  app.openapi(listFaces, async (c) => {
    const { collection, person, ...page } = c.req.valid('query');
    const { items, next } = await registry.listFaces(collection, person ? { person } : {}, pageOf(page));
    return c.json({ faces: items.map(faceOf), next }, 200);
  });

  const storeFaces = createRoute({
    method: 'post',
    path: '/faces',
    operationId: 'storeFaces',
    tags: [tag.faces],
    summary: 'Store the faces of a photo, to be found and to be added to people',
    description:
      'Nothing is kept of the photo. The same photo with the same `externalImageId` again gives the same faces. A photo in the bucket has its faces stored without this call.',
    request: {
      query: indexRequest.query,
      headers: writeHeaders,
      body: photosBody(app, 'StoreFaces', indexRequest),
    },
    responses: answers(
      'The faces that are stored now, the largest first, and those that are not',
      indexAnswer,
      ...photoCodes,
      'COLLECTION_NOT_FOUND',
      ...writeCodes,
    ),
  });
  app.openapi(storeFaces, async (c) => {
    const { image, ...options } = await readFields(c, indexRequest, c.req.valid('query'));
    return c.json(indexedOf(await indexFaces(ports, inputOf(ports, image), options)), 200);
  });

  const getFace = createRoute({
    method: 'get',
    path: '/faces/{faceId}',
    operationId: 'getFace',
    tags: [tag.faces],
    summary: 'One stored face',
    request: { params: facePath, query: collectionQuery },
    responses: answers('The face', faceAnswer, ...faceCodes),
  });
  app.openapi(getFace, async (c) => {
    const { collection } = c.req.valid('query');
    await expectCollection(registry, collection);
    return c.json(faceOf(await theFace(registry, collection, c.req.valid('param').faceId)), 200);
  });

  const deleteFace = createRoute({
    method: 'delete',
    path: '/faces/{faceId}',
    operationId: 'deleteFace',
    tags: [tag.faces],
    summary: 'Delete a stored face for good',
    description: "The photo it was found in stays. One that is somebody's is refused, unless `assigned` says delete.",
    request: { params: facePath, query: deleteFaceQuery, headers: writeHeaders },
    responses: answers('The face as it was', faceAnswer, ...faceCodes, 'FACE_ASSIGNED', ...writeCodes),
  });
  app.openapi(deleteFace, async (c) => {
    const { collection, assigned } = c.req.valid('query');
    const { faceId } = c.req.valid('param');
    const { deleted, failed } = await deleteFaces(ports, { collection, faceIds: [faceId], assigned });
    return c.json(faceOf(deleted[0] ?? (await theFace(registry, collection, faceId, failed))), 200);
  });

  return app;
}
