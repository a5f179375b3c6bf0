import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import { forgetPhoto } from '../../../lib/core/forget.ts';
import { imageIdOf } from '../../../lib/core/ids.ts';
import { photoNotFound } from '../../../lib/core/not-found.ts';
import { prepareUpload } from '../../../lib/core/photo-upload.ts';
import { forgottenAnswer, photoStatusAnswer, photoStatusOf, photosAnswer, uploadAnswer } from './answers.ts';
import type { ApiPorts } from './app.ts';
import { jsonBody, readJson } from './body.ts';
import { tag } from './contract.ts';
import { keyInput, noQuery, pageOf, photosQuery, uploadBody, writeHeaders } from './inputs.ts';
import { answers, created, jsonCodes, writeCodes } from './problem.ts';

/** The routes to photos in the bucket. */
export function photosRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry, bucket } = ports;
  const statusOf = async (key: string) => {
    const image = await registry.getImage(imageIdOf(bucket, key));
    return image && image.status !== 'erased' ? photoStatusOf(image) : undefined;
  };

  const listPhotos = createRoute({
    method: 'get',
    path: '/photos',
    operationId: 'listPhotos',
    tags: [tag.photos],
    summary: 'The photos that are known, and where they are on their way',
    request: { query: photosQuery },
    responses: answers('A page of photos; none of a collection that is not there', photosAnswer),
  });
  app.openapi(listPhotos, async (c) => {
    const { key, ...query } = c.req.valid('query');
    if (key !== undefined) {
      const photo = await statusOf(key);
      return c.json({ photos: photo?.collection === query.collection ? [photo] : [] }, 200);
    }
    const { items, next } = await registry.listImages(query.collection, pageOf(query));
    return c.json({ photos: items.map(photoStatusOf), next }, 200);
  });

  const getPhoto = createRoute({
    method: 'get',
    path: '/photos/{key}',
    operationId: 'getPhoto',
    tags: [tag.photos],
    summary: 'Where a photo is on its way',
    description:
      'Slashes of the key may stand as they are. A key with a question mark goes into the query of GET /v1/photos.',
    request: { params: keyInput, query: noQuery },
    responses: answers('The photo', photoStatusAnswer, 'PHOTO_NOT_FOUND'),
  });
  app.openapi(getPhoto, async (c) => {
    const { key } = c.req.valid('param');
    const photo = await statusOf(key);
    if (!photo) throw photoNotFound(key);
    return c.json(photo, 200);
  });

  const createUpload = createRoute({
    method: 'post',
    path: '/uploads',
    operationId: 'createUpload',
    tags: [tag.photos],
    summary: 'An address to put a photo to',
    description:
      'For photos that are larger than a request may be. PUT exactly so many bytes to `url`, with `headers`, before `expiresAt`; then the photo lies in the bucket under `key`, ' +
      'where it enrols the person or is indexed, and can be named in other calls instead of its bytes.',
    request: {
      query: noQuery,
      headers: writeHeaders,
      body: jsonBody(app, 'Upload', uploadBody),
    },
    responses: created('The address', uploadAnswer, 'IMAGE_TOO_LARGE', ...jsonCodes, ...writeCodes),
  });
  app.openapi(createUpload, async (c) => {
    const upload = await prepareUpload(ports, await readJson(c, uploadBody));
    return c.json({ method: 'PUT' as const, ...upload }, 201);
  });

  const deletePhoto = createRoute({
    method: 'delete',
    path: '/photos/{key}',
    operationId: 'deletePhoto',
    tags: [tag.photos],
    summary: 'Forget a photo and its faces',
    description:
      'Slashes of the key may stand as they are. A key with a question mark goes into the query of DELETE /v1/photos.',
    request: { params: keyInput, query: noQuery, headers: writeHeaders },
    responses: answers('What was removed', forgottenAnswer, 'PHOTO_NOT_FOUND', ...writeCodes),
  });
  app.openapi(deletePhoto, async (c) => c.json(await forgetPhoto(ports, c.req.valid('param').key), 200));

  const deletePhotoByKey = createRoute({
    method: 'delete',
    path: '/photos',
    operationId: 'deletePhotoByKey',
    tags: [tag.photos],
    summary: 'Forget a photo and its faces, whatever characters its key has',
    request: { query: keyInput, headers: writeHeaders },
    responses: answers('What was removed', forgottenAnswer, 'PHOTO_NOT_FOUND', ...writeCodes),
  });
  app.openapi(deletePhotoByKey, async (c) => c.json(await forgetPhoto(ports, c.req.valid('query').key), 200));

  return app;
}
