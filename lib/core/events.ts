import { z } from 'zod';
import { boxSchema, landmarksSchema, qualitySchema } from './face-schema.ts';

/** The `Source` of every event on the bus. */
export const eventSource = 'facenet';

const common = {
  version: z.literal('1'),
  id: z.uuid().describe('the same for a repeated delivery of the same event; drop repeats by it'),
  time: z.iso.datetime(),
  collection: z.string(),
};
const photo = z.object({
  imageId: z.uuid(),
  bucket: z.string(),
  key: z.string(),
  versionId: z.string().exactOptional(),
  sequencer: z.string().describe('grows with every version of the key; text order'),
});
const image = photo
  .partial()
  .required({ imageId: true })
  .describe('no bucket, key or sequencer when the bytes came through the API');
const face = z.object({
  faceId: z.uuid(),
  box: boxSchema,
  landmarks: landmarksSchema,
  confidence: z.number().min(0).max(1),
  quality: qualitySchema.exactOptional(),
});
const match = z.object({
  person: z.string(),
  distance: z.number(),
  similarity: z.number().min(0).max(100),
  matchedFaceId: z.uuid(),
});
const identity = match
  .extend({
    ambiguous: z.array(match).exactOptional().describe('other people who are nearly as near: it could as well be them'),
  })
  .nullable()
  .describe('who it is, which for an assigned face is no guess; null is unknown: nobody enrolled is near enough');

/** A photo is through: all its faces, each named or unknown. Comes again, with another id, when somebody enrolled or erased later changes a name. */
const imageIndexedSchema = z.object({
  ...common,
  image: photo,
  width: z.int().nonnegative(),
  height: z.int().nonnegative(),
  model: z.string(),
  threshold: z.number().describe('the largest distance at which a face is named'),
  faces: z.array(face.extend({ identity })),
});

/** A face names a person from now on: a photo under people/ was taken up, or the face was assigned through the API. */
const personEnrolledSchema = z.object({ ...common, image, person: z.string(), model: z.string(), face });

/** A photo cannot be used, and no retry will change that. */
const imageRejectedSchema = z.object({ ...common, image: photo, code: z.string(), reason: z.string() });

/** Faces are gone for good, because they or their photo were removed, or the photo replaced. */
const facesErasedSchema = z.object({
  ...common,
  image,
  reason: z.enum(['removed', 'replaced']),
  faceIds: z.array(z.uuid()),
});

/** The schema of each event's `detail`, by its `detail-type`. */
export const eventSchemas = {
  'Image Indexed': imageIndexedSchema,
  'Person Enrolled': personEnrolledSchema,
  'Image Rejected': imageRejectedSchema,
  'Faces Erased': facesErasedSchema,
} as const;

export type EventType = keyof typeof eventSchemas;
/** One event of the bus: its type, and the detail that goes with that type. */
export type FacenetEvent = {
  [T in EventType]: { readonly type: T; readonly detail: z.infer<(typeof eventSchemas)[T]> };
}[EventType];
