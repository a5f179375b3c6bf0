import { z } from '@hono/zod-openapi';
import { boxSchema, landmarksSchema, qualitySchema } from '../../../lib/core/face-schema.ts';
import type { UsedFace } from '../../../lib/core/photo-faces.ts';
import type { FaceRecord, ImageRecord, Match, PersonRecord } from '../../../lib/core/records.ts';
import type { FaceQuality } from '../../../lib/vision/face-quality.ts';
import type { DetectedFace } from '../../../lib/vision/geometry.ts';

const distance = z.number().describe('Euclidean between unit vectors, 0 to 2');
const similarity = z.number().describe('0 to 100, calibrated for the model');
const threshold = z.number().describe('the largest distance that counts as the same person');
const model = z.string().describe('the embedder');

const matchSchema = z
  .object({ person: z.string(), faceId: z.uuid().describe('the enrolled face'), distance, similarity })
  .openapi('Match');

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
    facesInPhoto: z.int().describe('of several, the largest is used'),
  })
  .openapi('UsedFace');

const faceSchema = z
  .object({
    faceId: z.uuid(),
    imageId: z.uuid(),
    key: z.string().optional().describe('of the photo, in the bucket; absent when its bytes came through the API'),
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
    identity: matchSchema.nullable().describe('who it is; null is unknown'),
    people: z.array(matchSchema).readonly().describe('the nearest people within the threshold'),
    faces: z
      .array(faceSchema.extend({ distance, similarity }).openapi('FoundFace'))
      .readonly()
      .describe('the nearest faces within the threshold'),
    searched: usedSchema,
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
    faces: z
      .array(
        detectedSchema
          .extend({ identity: matchSchema.nullable().describe('who it is; null is unknown') })
          .openapi('IdentifiedFace'),
      )
      .readonly(),
    threshold,
    model,
  })
  .openapi('Identification');

export const personAnswer = z
  .object({
    person: z.string(),
    collection: z.string(),
    faceIds: z.array(z.uuid()).readonly(),
    enrolledAt: z.iso.datetime(),
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

const next = z.string().optional().describe('there is more; send it as `after`');
export const peopleAnswer = z.object({ people: z.array(personAnswer), next }).openapi('People');
export const facesAnswer = z.object({ faces: z.array(faceSchema), next }).openapi('Faces');
export const photosAnswer = z.object({ photos: z.array(photoStatusAnswer), next }).openapi('Photos');
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
export function usedOf({ face, width, height, facesInPhoto }: UsedFace): z.infer<typeof usedSchema> {
  return { ...detectedOf(face), width, height, facesInPhoto };
}

/** Whom a face was taken for. */
export function matchOf({ person, faceId, distance, similarity }: Match): z.infer<typeof matchSchema> {
  return { person, faceId, distance, similarity };
}

/** A stored face, without its vector. */
export function faceOf(face: FaceRecord): z.infer<typeof faceSchema> {
  const { faceId, imageId, role, match, model } = face;
  const person = face.person ?? match?.person;
  const seen = { ...detectedOf(face), model };
  return { faceId, imageId, key: face.source?.key, role, person, match: match && matchOf(match), ...seen };
}

/** Somebody who is enrolled. */
export function personOf({ person, collection, faceIds, enrolledAt }: PersonRecord): z.infer<typeof personAnswer> {
  return { person, collection, faceIds, enrolledAt };
}

/** Where a photo is on its way. */
export function photoStatusOf(image: ImageRecord): z.infer<typeof photoStatusAnswer> {
  const { imageId, collection, status, person, width, height, faceIds, rejection, updatedAt } = image;
  const key = image.source.key;
  return { imageId, collection, key, status, person, width, height, faceIds, rejection, updatedAt };
}
