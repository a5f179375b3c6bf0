import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { forgetPerson, forgetPhoto } from '../../../lib/core/forget.ts';
import { personNotFound } from '../../../lib/core/people.ts';
import type { Page } from '../../../lib/core/ports.ts';
import {
  faceOf,
  facesAnswer,
  forgottenAnswer,
  peopleAnswer,
  personAnswer,
  personOf,
  photoStatusOf,
  photosAnswer,
} from './answers.ts';
import type { ApiPorts } from './app.ts';
import { collectionQuery, facesQuery, keyInput, pageQuery, personPath } from './inputs.ts';
import { answers } from './problem.ts';

/** The routes to what is stored: people, faces, photos. */
export function archiveRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry } = ports;

  const listPeople = createRoute({
    method: 'get',
    path: '/people',
    operationId: 'listPeople',
    summary: 'Who is enrolled',
    request: { query: pageQuery },
    responses: answers('A page of people', peopleAnswer),
  });
  app.openapi(listPeople, async (c) => {
    const query = c.req.valid('query');
    const { items, next } = await registry.listPeople(query.collection, pageOf(query));
    return c.json({ people: items.map(personOf), next }, 200);
  });

  const getPerson = createRoute({
    method: 'get',
    path: '/people/{person}',
    operationId: 'getPerson',
    summary: 'One who is enrolled',
    request: { params: personPath, query: collectionQuery },
    responses: answers('The person', personAnswer),
  });
  app.openapi(getPerson, async (c) => {
    const { person } = c.req.valid('param');
    const { collection } = c.req.valid('query');
    const found = await registry.getPerson(collection, person);
    if (!found) throw personNotFound(collection, person);
    return c.json(personOf(found), 200);
  });

  const deletePerson = createRoute({
    method: 'delete',
    path: '/people/{person}',
    operationId: 'deletePerson',
    summary: 'Forget a person: the photos that enrolled them, their faces, and their name in all other photos',
    request: { params: personPath, query: collectionQuery },
    responses: answers('What was removed', forgottenAnswer),
  });
  app.openapi(deletePerson, async (c) => {
    const { collection } = c.req.valid('query');
    return c.json(await forgetPerson(ports, collection, c.req.valid('param').person), 200);
  });

  const listFaces = createRoute({
    method: 'get',
    path: '/faces',
    operationId: 'listFaces',
    summary: 'The faces that are stored, or those of a person',
    request: { query: facesQuery },
    responses: answers('A page of faces', facesAnswer),
  });
  app.openapi(listFaces, async (c) => {
    const { collection, person, ...page } = c.req.valid('query');
    const { items, next } = await registry.listFaces(collection, person ? { person } : {}, pageOf(page));
    return c.json({ faces: items.map(faceOf), next }, 200);
  });

  const listPhotos = createRoute({
    method: 'get',
    path: '/photos',
    operationId: 'listPhotos',
    summary: 'The photos that are known, and where they are on their way',
    request: { query: pageQuery },
    responses: answers('A page of photos', photosAnswer),
  });
  app.openapi(listPhotos, async (c) => {
    const query = c.req.valid('query');
    const { items, next } = await registry.listImages(query.collection, pageOf(query));
    return c.json({ photos: items.map(photoStatusOf), next }, 200);
  });

  const deletePhoto = createRoute({
    method: 'delete',
    path: '/photos/{key}',
    operationId: 'deletePhoto',
    summary: 'Forget a photo and its faces',
    description:
      'Slashes of the key may stand as they are. A key with a question mark goes into the query of DELETE /photos.',
    request: { params: keyInput },
    responses: answers('What was removed', forgottenAnswer),
  });
  app.openapi(deletePhoto, async (c) => c.json(await forgetPhoto(ports, c.req.valid('param').key), 200));

  const deletePhotoByKey = createRoute({
    method: 'delete',
    path: '/photos',
    operationId: 'deletePhotoByKey',
    summary: 'Forget a photo and its faces, whatever characters its key has',
    request: { query: keyInput },
    responses: answers('What was removed', forgottenAnswer),
  });
  app.openapi(deletePhotoByKey, async (c) => c.json(await forgetPhoto(ports, c.req.valid('query').key), 200));

  return app;
}

function pageOf({ limit, after }: { readonly limit: number; readonly after?: string | undefined }): Page {
  return after === undefined ? { limit } : { limit, after };
}
