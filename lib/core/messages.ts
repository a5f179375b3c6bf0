import { z } from 'zod';
import { boxSchema, landmarksSchema, qualitySchema } from './face-schema.ts';

const source = z.object({ bucket: z.string().min(1), key: z.string().min(1), versionId: z.string().exactOptional() });
const photoRef = z.object({ imageId: z.uuid(), collection: z.string().min(1), sequencer: z.string().min(1), source });
const imageRef = photoRef.extend({ source: source.exactOptional() });

/**
 * One face on its way from detect to embed. `crop` is the aligned crop for `model`: rows of R G B bytes, deflated and in base64, so that it is
 * lossless and stays under 150 kB for the largest crop (160 × 160), far below the queue's limit.
 */
export const faceMessageSchema = z.object({
  version: z.literal(1),
  image: photoRef.extend({ width: z.int().positive(), height: z.int().positive() }),
  faceId: z.uuid(),
  role: z.enum(['person', 'photo']),
  person: z.string().exactOptional(),
  box: boxSchema,
  landmarks: landmarksSchema,
  confidence: z.number(),
  quality: qualitySchema.exactOptional(),
  model: z.string(),
  crop: z.object({ size: z.int().positive(), pixels: z.string() }),
});
export type FaceMessage = z.infer<typeof faceMessageSchema>;

/** A face that was erased, with what tag has to know of it to correct whoever was named by it. */
const erasedFace = z.object({ faceId: z.uuid(), person: z.string().exactOptional() });

/** What happened to an image or to a face of it, for tag to name, record and publish. */
export const tagMessageSchema = z.discriminatedUnion('kind', [
  z.object({ version: z.literal(1), kind: z.literal('embedded'), image: photoRef }),
  z.object({
    version: z.literal(1),
    kind: z.literal('rejected'),
    image: photoRef,
    code: z.string(),
    message: z.string(),
  }),
  z.object({
    version: z.literal(1),
    kind: z.literal('erased'),
    image: imageRef,
    reason: z.enum(['removed', 'replaced']),
    faces: z.array(erasedFace),
  }),
  z.object({
    version: z.literal(1),
    kind: z.literal('assigned'),
    image: imageRef,
    faceId: z.uuid(),
    /** Whose it is now; absent when it was released. */
    person: z.string().exactOptional(),
    /** Whose it was. */
    before: z.string().exactOptional(),
    /** Of one that was released: since when it had been whose it was; absent when a photo enrolled it. */
    since: z.string().exactOptional(),
  }),
]);
export type TagMessage = z.infer<typeof tagMessageSchema>;
/** A photo in the bucket, in one version. */
export type PhotoRef = z.infer<typeof photoRef>;
/** An image, which has no source when its bytes came through the API. */
export type ImageRef = z.infer<typeof imageRef>;
