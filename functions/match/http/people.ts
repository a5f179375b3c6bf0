import { createRoute, OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { assignFaces, moveFaces, releaseFaces } from '../../../lib/core/assign-faces.ts';
import { enrolFace } from '../../../lib/core/enrol-face.ts';
import { forgetPerson } from '../../../lib/core/forget.ts';
import { createPerson, expectVersion, getPerson, mergePeople, renamePerson } from '../../../lib/core/people.ts';
import type { PersonRecord } from '../../../lib/core/records.ts';
import {
  addedFacesAnswer,
  enrolledOf,
  faceAnswer,
  faceOf,
  forgottenAnswer,
  peopleAnswer,
  personAnswer,
  personOf,
} from './answers.ts';
import type { ApiPorts } from './app.ts';
import { inputOf, jsonBody, photosBody, readFields, readJson } from './body.ts';
import { tag } from './contract.ts';
import { etagOf, versionOf } from './etag.ts';
import {
  addFacesRequest,
  changeHeaders,
  collectionQuery,
  createPersonBody,
  mergePersonBody,
  moveFaceBody,
  noQuery,
  pageOf,
  pageQuery,
  personFacePath,
  personPath,
  renamePersonBody,
  writeHeaders,
} from './inputs.ts';
import { answers, created, jsonCodes, photoCodes, withETag, writeCodes } from './problem.ts';
import { theFace } from './the-face.ts';

const personCodes = ['COLLECTION_NOT_FOUND', 'PERSON_NOT_FOUND'] as const;

/** The routes to people, and to the faces that are theirs. */
export function peopleRoutes(ports: ApiPorts): OpenAPIHono {
  const app = new OpenAPIHono();
  const { registry } = ports;
  const answer = <Status extends 200 | 201>(c: Context, person: PersonRecord, status: Status) => {
    c.header('etag', etagOf(person));
    return c.json(personOf(person), status);
  };

  const listPeople = createRoute({
    method: 'get',
    path: '/people',
    operationId: 'listPeople',
    tags: [tag.people],
    summary: 'Who is known',
    request: { query: pageQuery },
    responses: answers('A page of people; none of a collection that is not there', peopleAnswer),
  });
  app.openapi(listPeople, async (c) => {
    const query = c.req.valid('query');
    const { items, next } = await registry.listPeople(query.collection, pageOf(query));
    return c.json({ people: items.map(personOf), next }, 200);
  });

  const create = createRoute({
    method: 'post',
    path: '/people',
    operationId: 'createPerson',
    tags: [tag.people],
    summary: 'Make a person by name',
    description:
      'Without a face, until one is added. A photo in the bucket under people/<person>/ makes the person, too.',
    request: { query: noQuery, headers: writeHeaders, body: jsonBody(app, 'CreatePerson', createPersonBody) },
    responses: withETag(
      created('The person', personAnswer, 'COLLECTION_NOT_FOUND', 'PERSON_EXISTS', ...jsonCodes, ...writeCodes),
    ),
  });
  app.openapi(create, async (c) => answer(c, await createPerson(registry, await readJson(c, createPersonBody)), 201));

  const get = createRoute({
    method: 'get',
    path: '/people/{person}',
    operationId: 'getPerson',
    tags: [tag.people],
    summary: 'One who is known',
    request: { params: personPath, query: collectionQuery },
    responses: withETag(answers('The person', personAnswer, ...personCodes)),
  });
  app.openapi(get, async (c) => {
    const { collection } = c.req.valid('query');
    return answer(c, await getPerson(registry, collection, c.req.valid('param').person), 200);
  });

  const rename = createRoute({
    method: 'patch',
    path: '/people/{person}',
    operationId: 'renamePerson',
    tags: [tag.people],
    summary: 'Give a person another name, which nobody has yet',
    description:
      'In all photos, too; events tell of it. Photos in the bucket stay in the folder of the old name. What breaks off is gone on with when it is repeated.',
    request: {
      params: personPath,
      query: collectionQuery,
      headers: changeHeaders,
      body: jsonBody(app, 'RenamePerson', renamePersonBody),
    },
    responses: withETag(
      answers(
        'The person under the new name',
        personAnswer,
        ...personCodes,
        'PERSON_EXISTS',
        'PRECONDITION_FAILED',
        ...jsonCodes,
        ...writeCodes,
      ),
    ),
  });
  app.openapi(rename, async (c) => {
    const { collection } = c.req.valid('query');
    const { person: to } = await readJson(c, renamePersonBody);
    const version = versionOf(c.req.valid('header'));
    return answer(c, await renamePerson(ports, { collection, ...c.req.valid('param'), to, version }), 200);
  });

  const merge = createRoute({
    method: 'post',
    path: '/people/{person}/merge',
    operationId: 'mergePerson',
    tags: [tag.people],
    summary: "Say that a person is another: the faces become the other one's, the name goes",
    description: '`If-Match` is of the person who goes. What breaks off is gone on with when it is repeated.',
    request: {
      params: personPath,
      query: collectionQuery,
      headers: changeHeaders,
      body: jsonBody(app, 'MergePerson', mergePersonBody),
    },
    responses: withETag(
      answers(
        'The one who stays',
        personAnswer,
        ...personCodes,
        'LIMIT_EXCEEDED',
        'PRECONDITION_FAILED',
        ...jsonCodes,
        ...writeCodes,
      ),
    ),
  });
  app.openapi(merge, async (c) => {
    const { collection } = c.req.valid('query');
    const { person: from } = c.req.valid('param');
    const version = versionOf(c.req.valid('header'));
    return answer(
      c,
      await mergePeople(ports, { collection, from, ...(await readJson(c, mergePersonBody)), version }),
      200,
    );
  });

  const forget = createRoute({
    method: 'delete',
    path: '/people/{person}',
    operationId: 'deletePerson',
    tags: [tag.people],
    summary: 'Forget a person: the photos that enrolled them, their faces, and their name in all other photos',
    request: { params: personPath, query: collectionQuery, headers: changeHeaders },
    responses: answers('What was removed', forgottenAnswer, ...personCodes, 'PRECONDITION_FAILED', ...writeCodes),
  });
  app.openapi(forget, async (c) => {
    const { collection } = c.req.valid('query');
    const { person } = c.req.valid('param');
    const version = versionOf(c.req.valid('header'));
    // Without one, also somebody whose photos have not been through yet, and who is nobody until then.
    if (version !== undefined) expectVersion(await getPerson(registry, collection, person), version);
    return c.json(await forgetPerson(ports, collection, person), 200);
  });

  const addFaces = createRoute({
    method: 'post',
    path: '/people/{person}/faces',
    operationId: 'addFaces',
    tags: [tag.people],
    summary: 'Add faces to a person, of a photo or of those that are stored',
    description:
      "Of a photo: its largest face, or the one that `face` picks. Nothing is kept of the photo. Of stored faces: those of `faceIds` that are nobody's yet.",
    request: {
      params: personPath,
      query: addFacesRequest.query,
      headers: writeHeaders,
      body: photosBody(app, 'AddFaces', addFacesRequest),
    },
    responses: answers(
      "Which faces are the person's now, and which are not, and why",
      addedFacesAnswer,
      ...photoCodes,
      ...personCodes,
      'NO_FACE',
      'POOR_QUALITY',
      'FACE_NOT_FOUND',
      'FACE_ASSIGNED',
      'LIMIT_EXCEEDED',
      ...writeCodes,
    ),
  });
  app.openapi(addFaces, async (c) => {
    const { person } = c.req.valid('param');
    const fields = await readFields(c, addFacesRequest, c.req.valid('query'));
    if (fields.faceIds) return c.json(await assignFaces(ports, { person, ...fields }), 200);
    const { collection, image } = fields;
    const { photo, pick } = image;
    const enrolled = await enrolFace(ports, { photo: inputOf(ports, photo), pick }, { collection, person });
    return c.json({ assigned: [enrolled.face.faceId], failed: [], used: enrolledOf(enrolled) }, 200);
  });

  const releaseFace = createRoute({
    method: 'delete',
    path: '/people/{person}/faces/{faceId}',
    operationId: 'removeFace',
    tags: [tag.people],
    summary: 'Not this person: the face stays, and is to be named again',
    request: { params: personFacePath, query: collectionQuery, headers: writeHeaders },
    responses: answers('The face', faceAnswer, ...personCodes, 'FACE_NOT_FOUND', 'FACE_ASSIGNED', ...writeCodes),
  });
  app.openapi(releaseFace, async (c) => {
    const { collection } = c.req.valid('query');
    const { person, faceId } = c.req.valid('param');
    const { failed } = await releaseFaces(ports, { collection, person, faceIds: [faceId] });
    return c.json(faceOf(await theFace(registry, collection, faceId, failed)), 200);
  });

  const moveFace = createRoute({
    method: 'post',
    path: '/people/{person}/faces/{faceId}/move',
    operationId: 'moveFace',
    tags: [tag.people],
    summary: 'Not this person, but another',
    request: {
      params: personFacePath,
      query: collectionQuery,
      headers: writeHeaders,
      body: jsonBody(app, 'MoveFace', moveFaceBody),
    },
    responses: answers(
      'The face',
      faceAnswer,
      ...personCodes,
      'FACE_NOT_FOUND',
      'FACE_ASSIGNED',
      'LIMIT_EXCEEDED',
      ...jsonCodes,
      ...writeCodes,
    ),
  });
  app.openapi(moveFace, async (c) => {
    const { collection } = c.req.valid('query');
    const { person: from, faceId } = c.req.valid('param');
    const { to } = await readJson(c, moveFaceBody);
    const { failed } = await moveFaces(ports, { collection, faceIds: [faceId], from, to });
    return c.json(faceOf(await theFace(registry, collection, faceId, failed)), 200);
  });

  return app;
}
