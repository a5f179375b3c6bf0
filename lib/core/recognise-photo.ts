import { cropFace } from '../vision/align.ts';
import { photoSize } from '../vision/image.ts';
import { type Identity, identifyFace } from './identify-face.ts';
import { type AssessedFace, findFaces, type PhotoInput, type PhotoPorts } from './photo-faces.ts';
import type { FaceRegistry } from './ports.ts';

/** A photo's faces, each with whom it was taken for; undefined is unknown. */
export interface RecognisedPhoto {
  readonly width: number;
  readonly height: number;
  readonly faces: readonly { readonly face: AssessedFace; readonly identity: Identity | undefined }[];
}

/**
 * Finds all faces in a photo and says who each is; nothing is stored.
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when the photo cannot be decoded
 */
export async function recognisePhoto(
  ports: PhotoPorts & { readonly registry: FaceRegistry },
  input: PhotoInput,
  collection: string,
): Promise<RecognisedPhoto> {
  const { registry, embedder } = ports;
  const { photo, faces } = await findFaces(ports, input);
  const embeddings = await embedder.embed(faces.map((face) => cropFace(photo, face, embedder.card.crop)));
  const identities = await Promise.all(
    embeddings.map((embedding) => identifyFace({ registry, embedder: embedder.card }, { collection, embedding })),
  );
  return {
    ...photoSize(photo),
    faces: faces.map((face, i) => ({ face, identity: identities[i] })),
  };
}
