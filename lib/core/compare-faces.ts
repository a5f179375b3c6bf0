import { cropFace } from '../vision/align.ts';
import { euclideanDistance } from '../vision/distance.ts';
import { photoSize, type Size } from '../vision/image.ts';
import { similarityOf } from '../vision/similarity.ts';
import { noFaceIn } from './not-found.ts';
import { type AssessedFace, findFaces, type PhotoInput, type PhotoPorts } from './photo-faces.ts';

export interface ComparedFace {
  readonly face: AssessedFace;
  /** Euclidean between unit vectors, 0..2. */
  readonly distance: number;
  /** 0..100 */
  readonly similarity: number;
}

/** One face beside every face of another photo. */
export interface FaceComparison {
  readonly source: { readonly face: AssessedFace; readonly size: Size };
  /** The most similar first. */
  readonly target: { readonly faces: readonly ComparedFace[]; readonly size: Size };
}

/**
 * Compares the largest face of a photo with each of the largest faces of another, all in one inference.
 * @param fits which faces count at all
 * @param mostFaces of the target
 * @throws RequestError PHOTO_NOT_FOUND
 * @throws ImageRejectedError when a photo cannot be decoded, or NO_FACE
 */
export async function compareFaces(
  ports: PhotoPorts,
  photos: { readonly source: PhotoInput; readonly target: PhotoInput },
  { fits, mostFaces }: { readonly fits: (face: AssessedFace) => boolean; readonly mostFaces: number },
): Promise<FaceComparison> {
  const { card } = ports.embedder;
  const facesOf = async (which: 'source' | 'target') => {
    const { photo, faces } = await findFaces(ports, photos[which]);
    const fitting = faces.filter(fits);
    const poor = faces.length > 0 ? `${faces.length} that do not meet the quality that was asked for` : undefined;
    if (fitting.length === 0) throw noFaceIn(`the ${which} photo`, poor);
    return { photo, faces: fitting };
  };
  const source = await facesOf('source');
  const target = await facesOf('target');
  const largest = source.faces[0]!;
  const faces = target.faces.slice(0, mostFaces);
  const crops = [
    cropFace(source.photo, largest, card.crop),
    ...faces.map((face) => cropFace(target.photo, face, card.crop)),
  ];
  const [embedding, ...others] = (await ports.embedder.embed(crops)) as [Float32Array, ...Float32Array[]];
  const compared = faces.map((face, i): ComparedFace => {
    const distance = euclideanDistance(embedding, others[i]!);
    return { face, distance, similarity: similarityOf(card, distance) };
  });
  return {
    source: { face: largest, size: photoSize(source.photo) },
    target: { faces: compared.sort((a, b) => a.distance - b.distance), size: photoSize(target.photo) },
  };
}
