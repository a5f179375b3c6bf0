import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { faceOf, facesAnswer } from './answers.ts';
import type { ApiPorts } from './app.ts';
import { tag } from './contract.ts';
import { facesQuery, pageOf } from './inputs.ts';
import { answers } from './problem.ts';

/** The routes to stored faces. */
export function facesRoutes({ registry }: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();

  const listFaces = createRoute({
    method: 'get',
    path: '/faces',
    operationId: 'listFaces',
    tags: [tag.faces],
    summary: 'The faces that are stored, or those of a person',
    request: { query: facesQuery },
    responses: answers('A page of faces', facesAnswer),
  });
  app.openapi(listFaces, async (c) => {
    const { collection, person, ...page } = c.req.valid('query');
    const { items, next } = await registry.listFaces(collection, person ? { person } : {}, pageOf(page));
    return c.json({ faces: items.map(faceOf), next }, 200);
  });

  return app;
}
