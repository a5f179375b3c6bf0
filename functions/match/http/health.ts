import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { RgbImage } from '../../../lib/vision/image.ts';
import { thresholdOf } from '../../../lib/vision/similarity.ts';
import { healthAnswer } from './answers.ts';
import type { ApiPorts } from './app.ts';
import { tag } from './contract.ts';
import { noQuery } from './inputs.ts';
import { answers } from './problem.ts';
import { version } from './version.ts';

/** The side of the black picture that is searched for faces: enough for the first net to run. */
const side = 64;

/** The route that tells whether everything this service leans on works: the models run, the table answers. */
export function healthRoutes({ detector, embedder, registry }: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { card } = embedder;

  const health = createRoute({
    method: 'get',
    path: '/health',
    operationId: 'health',
    tags: [tag.service],
    summary: 'Do the models run, and does the table answer?',
    request: { query: noQuery },
    responses: answers('They do', healthAnswer),
  });
  app.openapi(health, async (c) => {
    await Promise.all([
      registry.listCollections({ limit: 1 }),
      detector.detect(black(side)),
      embedder.embed([black(card.crop.size)]),
    ]);
    return c.json({ status: 'ok' as const, version, model: card.id, threshold: thresholdOf(card) }, 200);
  });

  return app;
}

function black(side: number): RgbImage {
  return { width: side, height: side, data: new Uint8Array(side * side * 3) };
}
