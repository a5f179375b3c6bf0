import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { forgetPerson } from '../../../lib/core/forget.ts';
import { personNotFound } from '../../../lib/core/not-found.ts';
import { forgottenAnswer, peopleAnswer, personAnswer, personOf } from './answers.ts';
import type { ApiPorts } from './app.ts';
import { tag } from './contract.ts';
import { collectionQuery, pageOf, pageQuery, personPath, writeHeaders } from './inputs.ts';
import { answers, writeCodes } from './problem.ts';

/** The routes to people. */
export function peopleRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry } = ports;

  const listPeople = createRoute({
    method: 'get',
    path: '/people',
    operationId: 'listPeople',
    tags: [tag.people],
    summary: 'Who is known',
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
    tags: [tag.people],
    summary: 'One who is known',
    request: { params: personPath, query: collectionQuery },
    responses: answers('The person', personAnswer, 'PERSON_NOT_FOUND'),
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
    tags: [tag.people],
    summary: 'Forget a person: the photos that enrolled them, their faces, and their name in all other photos',
    request: { params: personPath, query: collectionQuery, headers: writeHeaders },
    responses: answers('What was removed', forgottenAnswer, 'PERSON_NOT_FOUND', ...writeCodes),
  });
  app.openapi(deletePerson, async (c) => {
    const { collection } = c.req.valid('query');
    return c.json(await forgetPerson(ports, collection, c.req.valid('param').person), 200);
  });

  return app;
}
