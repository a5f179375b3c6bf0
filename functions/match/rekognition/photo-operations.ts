import { z } from 'zod';
import { compareFaces } from '../../../lib/core/compare-faces.ts';
import { findFaces } from '../../../lib/core/photo-faces.ts';
import { photoSize } from '../../../lib/vision/image.ts';
import { imageSchema, photoOf } from './images.ts';
import { attributes, mostFaces, percent, qualityFilter } from './inputs.ts';
import { operation } from './operation.ts';
import { qualityReasons } from './quality-filter.ts';
import { faceDetailOf, foundFaceOf } from './shapes.ts';

/** The operations that look into photos and store nothing. */
export const photoOperations = {
  DetectFaces: operation(
    'read',
    z.object({ Image: imageSchema, Attributes: attributes.default(['DEFAULT']) }),
    async (ports, { Image }) => {
      const { photo, faces } = await findFaces(ports, photoOf(Image, ports));
      const size = photoSize(photo);
      return { FaceDetails: faces.slice(0, mostFaces).map((face) => faceDetailOf(face, size)) };
    },
  ),

  CompareFaces: operation(
    'read',
    z.object({
      SourceImage: imageSchema,
      TargetImage: imageSchema,
      SimilarityThreshold: percent.default(80),
      QualityFilter: qualityFilter.default('NONE'),
    }),
    async (ports, { SourceImage, TargetImage, SimilarityThreshold, QualityFilter }) => {
      const { source, target } = await compareFaces(
        ports,
        { source: photoOf(SourceImage, ports), target: photoOf(TargetImage, ports) },
        { mostFaces, fits: (face) => qualityReasons(QualityFilter, face).length === 0 },
      );
      const shown = target.faces.map(({ face, similarity }) => ({
        Similarity: similarity,
        Face: faceDetailOf(face, target.size),
      }));
      return {
        SourceImageFace: foundFaceOf(source.face, source.size),
        FaceMatches: shown.filter(({ Similarity }) => Similarity >= SimilarityThreshold),
        UnmatchedFaces: shown.filter(({ Similarity }) => Similarity < SimilarityThreshold).map(({ Face }) => Face),
      };
    },
  ),
};
