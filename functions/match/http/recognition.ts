import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { findFaces, type PhotoInput } from '../../../lib/core/photo-faces.ts';
import { recognisePhoto } from '../../../lib/core/recognise-photo.ts';
import { searchFaces } from '../../../lib/core/search-faces.ts';
import { verifyPerson, verifyPhotos } from '../../../lib/core/verify-faces.ts';
import type { EmbedderCard } from '../../../lib/vision/embedder-card.ts';
import { photoSize } from '../../../lib/vision/image.ts';
import { thresholdOf } from '../../../lib/vision/similarity.ts';
import {
  detectAnswer,
  detectedOf,
  faceOf,
  identifyAnswer,
  matchOf,
  searchAnswer,
  usedOf,
  verifyAnswer,
} from './answers.ts';
import type { ApiPorts } from './app.ts';
import { photosBody, readFields } from './body.ts';
import { tag } from './contract.ts';
import { detectRequest, identifyRequest, type Photo, searchRequest, verifyRequest } from './inputs.ts';
import { answers, photoCodes } from './problem.ts';

/** The routes that look into photos: verify, search, detect. */
export function recognitionRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const inputOf = (photo: Photo): PhotoInput => ('key' in photo ? { bucket: ports.bucket, key: photo.key } : photo);

  const verify = createRoute({
    method: 'post',
    path: '/verify',
    operationId: 'verify',
    tags: [tag.recognition],
    summary: 'Are two faces the same person: of two photos, or of a photo and a person?',
    request: { query: verifyRequest.query, body: photosBody(app, 'Verify', verifyRequest) },
    responses: answers(
      'The verdict, and the faces it is about',
      verifyAnswer,
      ...photoCodes,
      'NO_FACE',
      'PERSON_NOT_FOUND',
    ),
  });
  app.openapi(verify, async (c) => {
    const fields = await readFields(c, verifyRequest, c.req.valid('query'));
    const source = { photo: inputOf(fields.source) };
    if (fields.target) {
      const result = await verifyPhotos(ports, source, { photo: inputOf(fields.target) });
      return c.json({ ...result, source: usedOf(result.source), target: usedOf(result.target) }, 200);
    }
    const { person, faceId, ...result } = await verifyPerson(ports, source, fields);
    return c.json({ ...result, source: usedOf(result.source), person: { name: person, faceId } }, 200);
  });

  const search = createRoute({
    method: 'post',
    path: '/search',
    operationId: 'search',
    tags: [tag.recognition],
    summary: 'Who is it?',
    request: { query: searchRequest.query, body: photosBody(app, 'Search', searchRequest) },
    responses: answers(
      'The best people and faces, or unknown',
      searchAnswer,
      'COLLECTION_NOT_FOUND',
      ...photoCodes,
      'NO_FACE',
    ),
  });
  app.openapi(search, async (c) => {
    const { image, ...options } = await readFields(c, searchRequest, c.req.valid('query'));
    const { identity, people, faces, searched, threshold, model } = await searchFaces(
      ports,
      { photo: inputOf(image) },
      options,
    );
    const found = faces.map(({ face, distance, similarity }) => ({ ...faceOf(face), distance, similarity }));
    const known = { identity: identity ? matchOf(identity) : null, people: people.map(matchOf), faces: found };
    return c.json({ ...known, searched: usedOf(searched), threshold, model }, 200);
  });

  const detect = createRoute({
    method: 'post',
    path: '/detect',
    operationId: 'detect',
    tags: [tag.recognition],
    summary: 'Where are faces?',
    request: { query: detectRequest.query, body: photosBody(app, 'Detect', detectRequest) },
    responses: answers('All faces of the photo, the largest first', detectAnswer, ...photoCodes),
  });
  app.openapi(detect, async (c) => {
    const { image } = await readFields(c, detectRequest, c.req.valid('query'));
    const { photo, faces } = await findFaces(ports, inputOf(image));
    return c.json({ ...photoSize(photo), faces: faces.map(detectedOf) }, 200);
  });

  const identify = createRoute({
    method: 'post',
    path: '/identify',
    operationId: 'identify',
    tags: [tag.recognition],
    summary: 'Who is in the photo?',
    request: { query: identifyRequest.query, body: photosBody(app, 'Identify', identifyRequest) },
    responses: answers('All faces of the photo, each with who it is, or unknown', identifyAnswer, ...photoCodes),
  });
  app.openapi(identify, async (c) => {
    const { image, collection } = await readFields(c, identifyRequest, c.req.valid('query'));
    const { width, height, faces } = await recognisePhoto(ports, inputOf(image), collection);
    const named = faces.map(({ face, identity }) => ({
      ...detectedOf(face),
      identity: identity ? matchOf(identity) : null,
    }));
    return c.json({ width, height, faces: named, ...judgedBy(ports.embedder.card) }, 200);
  });

  return app;
}

function judgedBy(card: EmbedderCard): { readonly threshold: number; readonly model: string } {
  return { threshold: thresholdOf(card), model: card.id };
}
