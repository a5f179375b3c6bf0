import { euclideanDistance } from '../vision/distance.ts';
import { similarityOf, thresholdOf } from '../vision/similarity.ts';
import { personNotFound } from './not-found.ts';
import { type ChosenPhoto, embedChosenFaces, type PhotoPorts, type UsedFace } from './photo-faces.ts';
import type { FaceRegistry } from './ports.ts';

/** Whether two faces are the same person's. */
export interface Verification {
  readonly verified: boolean;
  /** Euclidean between unit vectors, 0..2. */
  readonly distance: number;
  /** 0..100; what it means in false matches stands in docs/accuracy.md. */
  readonly similarity: number;
  /** The largest distance that is verified. */
  readonly threshold: number;
  readonly model: string;
}

/**
 * Compares the chosen faces of two photos.
 * @throws RequestError PHOTO_NOT_FOUND or FACE_NOT_FOUND
 * @throws ImageRejectedError when a photo cannot be decoded, or NO_FACE
 */
export async function verifyPhotos(
  ports: PhotoPorts,
  source: ChosenPhoto,
  target: ChosenPhoto,
): Promise<Verification & { readonly source: UsedFace; readonly target: UsedFace }> {
  const [a, b] = (await embedChosenFaces(ports, [source, target])) as [UsedFace, UsedFace];
  return { ...judge(ports, euclideanDistance(a.embedding, b.embedding)), source: a, target: b };
}

/**
 * Compares the chosen face of a photo with every enrolled face of a person; the nearest decides.
 * @throws RequestError PHOTO_NOT_FOUND, FACE_NOT_FOUND or PERSON_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded, or NO_FACE
 */
export async function verifyPerson(
  ports: PhotoPorts & { readonly registry: FaceRegistry },
  source: ChosenPhoto,
  { collection, person }: { readonly collection: string; readonly person: string },
): Promise<Verification & { readonly source: UsedFace; readonly person: string; readonly faceId: string }> {
  if (!(await ports.registry.getPerson(collection, person))) throw personNotFound(collection, person);
  const [used] = (await embedChosenFaces(ports, [source])) as [UsedFace];
  let nearest: { faceId: string; distance: number } | undefined;
  for await (const face of ports.registry.facesOfPerson(collection, person, 'person')) {
    if (face.model !== ports.embedder.card.id) continue;
    const distance = euclideanDistance(used.embedding, face.embedding);
    if (!nearest || distance < nearest.distance) nearest = { faceId: face.faceId, distance };
  }
  if (!nearest) throw personNotFound(collection, person);
  return { ...judge(ports, nearest.distance), source: used, person, faceId: nearest.faceId };
}

function judge({ embedder: { card } }: PhotoPorts, distance: number): Verification {
  const threshold = thresholdOf(card);
  return {
    verified: distance <= threshold,
    distance,
    similarity: similarityOf(card, distance),
    threshold,
    model: card.id,
  };
}
