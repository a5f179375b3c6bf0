import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { type ChosenPhoto, findFaces } from '../../../lib/core/photo-faces.ts';
import { recognisePhoto } from '../../../lib/core/recognise-photo.ts';
import { identifyStoredFace, searchFaces } from '../../../lib/core/search-faces.ts';
import { verifyPerson, verifyPhotos } from '../../../lib/core/verify-faces.ts';
import type { EmbedderCard } from '../../../lib/vision/embedder-card.ts';
import { photoSize } from '../../../lib/vision/image.ts';
import { thresholdOf } from '../../../lib/vision/similarity.ts';
import {
  detectAnswer,
  detectedOf,
  faceOf,
  foundOf,
  identifyAnswer,
  identityOf,
  searchAnswer,
  usedOf,
  verifyAnswer,
} from './answers.ts';
import type { ApiPorts } from './app.ts';
import { inputOf, photosBody, readFields } from './body.ts';
import { tag } from './contract.ts';
import { detectRequest, identifyRequest, type Photo, searchRequest, verifyRequest } from './inputs.ts';
import { answers, photoCodes } from './problem.ts';

/** The routes that look into photos: verify, search, detect. */
export function recognitionRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const chosen = ({ photo, pick }: { readonly photo: Photo; readonly pick?: number | undefined }): ChosenPhoto => ({
    photo: inputOf(ports, photo),
    pick,
  });

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
      'FACE_NOT_FOUND',
      'PERSON_NOT_FOUND',
    ),
  });
  app.openapi(verify, async (c) => {
    const fields = await readFields(c, verifyRequest, c.req.valid('query'));
    const source = chosen(fields.source);
    if (fields.target) {
      const result = await verifyPhotos(ports, source, chosen(fields.target));
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
      ...photoCodes,
      'NO_FACE',
      'FACE_NOT_FOUND',
      'COLLECTION_NOT_FOUND',
    ),
  });
  app.openapi(search, async (c) => {
    const fields = await readFields(c, searchRequest, c.req.valid('query'));
    if ('faceId' in fields) {
      const { identity, people, faces, searched, threshold, model } = await identifyStoredFace(ports, fields);
      return c.json({ ...foundOf(identity, people, faces), searchedFace: faceOf(searched), threshold, model }, 200);
    }
    const { image, ...range } = fields;
    const { identity, people, faces, searched, threshold, model } = await searchFaces(ports, chosen(image), range);
    return c.json({ ...foundOf(identity, people, faces), searched: usedOf(searched), threshold, model }, 200);
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
    const { photo, faces } = await findFaces(ports, inputOf(ports, image));
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
    const { width, height, faces } = await recognisePhoto(ports, inputOf(ports, image), collection);
    const named = faces.map(({ face, identity }) => ({
      ...detectedOf(face),
      identity: identityOf(identity),
    }));
    return c.json({ width, height, faces: named, ...judgedBy(ports.embedder.card) }, 200);
  });

  return app;
}

function judgedBy(card: EmbedderCard): { readonly threshold: number; readonly model: string } {
  return { threshold: thresholdOf(card), model: card.id };
}
