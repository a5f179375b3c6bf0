import { z } from '@hono/zod-openapi';
import type { EnrolledFace } from '../../../lib/core/enrol-face.ts';
import { boxSchema, landmarksSchema, qualitySchema } from '../../../lib/core/face-schema.ts';
import type { Identity } from '../../../lib/core/identify-face.ts';
import type { IndexedFaces } from '../../../lib/core/index-faces.ts';
import type { UsedFace } from '../../../lib/core/photo-faces.ts';
import type { CollectionRecord, FaceRecord, ImageRecord, Match, PersonRecord } from '../../../lib/core/records.ts';
import type { FoundFace } from '../../../lib/core/search-faces.ts';
import type { FaceQuality } from '../../../lib/vision/face-quality.ts';
import type { DetectedFace } from '../../../lib/vision/geometry.ts';

const distance = z.number().describe('Euclidean between unit vectors, 0 to 2');
const similarity = z.number().describe('0 to 100, calibrated for the model');
const threshold = z.number().describe('the largest distance that counts as the same person');
const model = z.string().describe('the embedder');

const matchSchema = z
  .object({ person: z.string(), faceId: z.uuid().describe('the enrolled face'), distance, similarity })
  .openapi('Match');

const identitySchema = matchSchema
  .extend({
    ambiguous: z
      .array(matchSchema)
      .readonly()
      .describe('other people who are nearly as near: when there are any, a person should look'),
  })
  .openapi('Identity');

/** A union, as the library's `nullable` of a schema that extends another lets no null through. */
const identityOrNull = z.union([identitySchema, z.null()]).describe('who it is; null is unknown');

const detectedSchema = z
  .object({
    box: boxSchema,
    confidence: z.number().describe('0 to 1'),
    landmarks: landmarksSchema,
    quality: qualitySchema.optional(),
  })
  .openapi('DetectedFace');

const usedSchema = detectedSchema
  .extend({
    width: z.int().describe('of the upright photo, in pixels'),
    height: z.int(),
    place: z.int().describe('of the face among those of the photo, the largest being 0'),
    facesInPhoto: z.int().describe('of several, the largest is used unless another is picked'),
    boxes: z
      .array(boxSchema)
      .readonly()
      .describe('of all faces in the photo, the largest first: pick another by its place'),
  })
  .openapi('UsedFace');

export const faceAnswer = z
  .object({
    faceId: z.uuid(),
    imageId: z.uuid(),
    key: z.string().optional().describe('of the photo, in the bucket; absent when its bytes came through the API'),
    externalImageId: z.string().optional().describe('what whoever stored the face calls the photo'),
    role: z.enum(['person', 'photo']).describe('whether the face is enrolled, or one to be named'),
    person: z.string().optional().describe('whom it shows: enrolled as, or recognised as'),
    match: matchSchema.optional().describe('by which enrolled face it was recognised'),
    box: boxSchema,
    landmarks: landmarksSchema,
    confidence: z.number(),
    quality: qualitySchema.optional(),
    model,
  })
  .openapi('Face');

/** Of two photos `target` is set; of a photo and a person, `person`. */
export const verifyAnswer = z
  .object({
    verified: z.boolean(),
    distance,
    similarity,
    threshold,
    model,
    source: usedSchema,
    target: usedSchema.optional(),
    person: z.object({ name: z.string(), faceId: z.uuid().describe('the nearest of the enrolled faces') }).optional(),
  })
  .openapi('Verification');

export const searchAnswer = z
  .object({
    identity: identityOrNull,
    people: z.array(matchSchema).readonly().describe('the nearest people within the threshold'),
    faces: z
      .array(faceAnswer.extend({ distance, similarity }).openapi('FoundFace'))
      .readonly()
      .describe('the nearest faces within the threshold'),
    searched: usedSchema.optional().describe('the face of the photo'),
    searchedFace: faceAnswer.optional().describe('the stored face, which is left out, and so is whose it is'),
    threshold,
    model,
  })
  .openapi('SearchResult');

export const detectAnswer = z
  .object({ width: z.int(), height: z.int(), faces: z.array(detectedSchema).readonly() })
  .openapi('Detection');

export const identifyAnswer = z
  .object({
    width: z.int(),
    height: z.int(),
    faces: z.array(detectedSchema.extend({ identity: identityOrNull }).openapi('IdentifiedFace')).readonly(),
    threshold,
    model,
  })
  .openapi('Identification');

export const personAnswer = z
  .object({
    person: z.string(),
    collection: z.string(),
    faceIds: z.array(z.uuid()).readonly().describe('by which the person is known again'),
    enrolledAt: z.iso.datetime(),
    version: z.int().describe('grows with every change; in quotes it is the ETag'),
  })
  .openapi('Person');

export const photoStatusAnswer = z
  .object({
    imageId: z.uuid(),
    collection: z.string(),
    key: z.string(),
    status: z.enum(['detecting', 'embedding', 'indexed', 'enrolled', 'rejected', 'erased']),
    person: z.string().optional().describe('whom the photo enrols'),
    width: z.int().optional(),
    height: z.int().optional(),
    faceIds: z.array(z.uuid()).readonly(),
    rejection: z.object({ code: z.string(), message: z.string() }).optional(),
    updatedAt: z.iso.datetime(),
  })
  .openapi('PhotoStatus');

export const uploadAnswer = z
  .object({
    key: z.string().describe('of the photo, once it is in the bucket'),
    method: z.literal('PUT'),
    url: z.url(),
    headers: z.record(z.string(), z.string()).describe('send them exactly so'),
    expiresAt: z.iso.datetime(),
  })
  .openapi('Upload', {
    example: {
      key: 'people/alice/portrait.jpg',
      method: 'PUT',
      url: 'https://my-photos.s3.eu-central-1.amazonaws.com/people/alice/portrait.jpg?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900',
      headers: { 'content-length': '8123456' },
      expiresAt: '2026-11-25T01:15:00.000Z',
    },
  });

export const indexAnswer = z
  .object({
    imageId: z.uuid(),
    width: z.int().describe('of the upright photo, in pixels'),
    height: z.int(),
    model,
    faces: z.array(faceAnswer).readonly().describe('that are stored, whoever they are by now'),
    left: z
      .array(detectedSchema.extend({ reasons: z.array(z.literal('EXCEEDS_MAX_FACES')).readonly() }).openapi('LeftFace'))
      .readonly()
      .describe('that are not'),
  })
  .openapi('StoredFaces');

export const addedFacesAnswer = z
  .object({
    assigned: z.array(z.uuid()).readonly().describe("that are the person's now, or were already"),
    failed: z
      .array(
        z.object({
          faceId: z.uuid(),
          reason: z.enum(['FACE_NOT_FOUND', 'ASSIGNED_TO_ANOTHER', 'NOT_ASSIGNED', 'LOW_MATCH']),
          person: z.string().optional().describe('whose it is'),
          similarity: similarity.optional(),
        }),
      )
      .readonly(),
    used: usedSchema.optional().describe('the face of the photo'),
  })
  .openapi('AddedFaces');

const createdAt = z.iso.datetime();
export const collectionAnswer = z.object({ collection: z.string(), createdAt }).openapi('Collection');
export const collectionDescription = collectionAnswer
  .extend({ faces: z.int(), people: z.int() })
  .openapi('CollectionDescription');
export const deletedCollection = z.object({ collection: z.string() }).openapi('DeletedCollection');

const next = z.string().optional().describe('there is more; send it as `after`');
export const peopleAnswer = z.object({ people: z.array(personAnswer), next }).openapi('People');
export const facesAnswer = z.object({ faces: z.array(faceAnswer), next }).openapi('Faces');
export const photosAnswer = z.object({ photos: z.array(photoStatusAnswer), next }).openapi('Photos');
export const collectionsAnswer = z.object({ collections: z.array(collectionAnswer), next }).openapi('Collections');
export const forgottenAnswer = z
  .object({ photos: z.int().describe('removed from the bucket, in all their versions') })
  .openapi('Forgotten');
export const healthAnswer = z
  .object({ status: z.literal('ok'), version: z.string(), model, threshold })
  .openapi('Health');

/** A detected face, as the API shows it. */
export function detectedOf({
  box,
  confidence,
  landmarks,
  quality,
}: DetectedFace & { readonly quality?: FaceQuality }): z.infer<typeof detectedSchema> {
  return { box, confidence, landmarks, quality };
}

/** The face that was used of a photo, without its vector. */
export function usedOf({ face, place, width, height, boxes }: Omit<UsedFace, 'embedding'>): z.infer<typeof usedSchema> {
  return { ...detectedOf(face), width, height, place, facesInPhoto: boxes.length, boxes };
}

/** The face of a photo that became a person's. */
export function enrolledOf({ detected: face, ...photo }: EnrolledFace): z.infer<typeof usedSchema> {
  return usedOf({ ...photo, face });
}

/** Who a face is, and who else it could be; null is unknown. */
export function identityOf(identity: Identity | undefined): z.infer<typeof identitySchema> | null {
  return identity ? { ...matchOf(identity), ambiguous: identity.ambiguous.map(matchOf) } : null;
}

/** What a search found. */
export function foundOf(identity: Identity | undefined, people: readonly Match[], faces: readonly FoundFace[]) {
  return {
    identity: identityOf(identity),
    people: people.map(matchOf),
    faces: faces.map(({ face, distance, similarity }) => ({ ...faceOf(face), distance, similarity })),
  };
}

/** What became of the faces of a photo. */
export function indexedOf({
  imageId,
  width,
  height,
  model,
  indexed,
  unindexed,
}: IndexedFaces<never>): z.infer<typeof indexAnswer> {
  const faces = indexed.map(({ face }) => faceOf(face));
  const left = unindexed.map(({ detected, reasons }) => ({ ...detectedOf(detected), reasons }));
  return { imageId, width, height, model, faces, left };
}

/** A collection. */
export function collectionOf({ collection, createdAt }: CollectionRecord): z.infer<typeof collectionAnswer> {
  return { collection, createdAt };
}

/** Whom a face was taken for. */
export function matchOf({ person, faceId, distance, similarity }: Match): z.infer<typeof matchSchema> {
  return { person, faceId, distance, similarity };
}

/** A stored face, without its vector. */
export function faceOf(face: FaceRecord): z.infer<typeof faceAnswer> {
  const { faceId, imageId, role, match, model, externalImageId } = face;
  const person = face.person ?? match?.person;
  const seen = { ...detectedOf(face), model };
  const named = { role, person, match: match && matchOf(match) };
  return { faceId, imageId, key: face.source?.key, externalImageId, ...named, ...seen };
}

/** Somebody who is enrolled. */
export function personOf({
  person,
  collection,
  faceIds,
  enrolledAt,
  version,
}: PersonRecord): z.infer<typeof personAnswer> {
  return { person, collection, faceIds, enrolledAt, version };
}

/** Where a photo is on its way. */
export function photoStatusOf(image: ImageRecord): z.infer<typeof photoStatusAnswer> {
  const { imageId, collection, status, person, width, height, faceIds, rejection, updatedAt } = image;
  const key = image.source.key;
  return { imageId, collection, key, status, person, width, height, faceIds, rejection, updatedAt };
}
