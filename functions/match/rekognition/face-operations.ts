import { z } from 'zod';
import { deleteFaces } from '../../../lib/core/delete-faces.ts';
import { indexFaces } from '../../../lib/core/index-faces.ts';
import { listFaces } from '../../../lib/core/list-faces.ts';
import { faceModelVersionOf } from './collection-operations.ts';
import { imageSchema, photoOf } from './images.ts';
import {
  attributes,
  collectionId,
  externalImageId,
  faceId,
  mostFaces,
  pageFields,
  pageOf,
  qualityFilter,
  userId,
} from './inputs.ts';
import { operation } from './operation.ts';
import { qualityReasons } from './quality-filter.ts';
import { faceDetailOf, faceOf } from './shapes.ts';

const faceIds = z.array(faceId).min(1).max(4096);

/** Why a face was not deleted, in the protocol's words. */
const deletionReasons = { ASSIGNED: 'ASSOCIATED_TO_AN_EXISTING_USER', FACE_NOT_FOUND: 'FACE_NOT_FOUND' } as const;

/** The operations on stored faces. */
export const faceOperations = {
  IndexFaces: operation(
    'write',
    z.object({
      CollectionId: collectionId,
      Image: imageSchema,
      ExternalImageId: externalImageId.optional(),
      DetectionAttributes: attributes.default(['DEFAULT']),
      MaxFaces: z.int().min(1).default(mostFaces),
      QualityFilter: qualityFilter.default('AUTO'),
    }),
    async (ports, { CollectionId, Image, ExternalImageId, MaxFaces, QualityFilter }) => {
      const { indexed, unindexed, ...size } = await indexFaces(ports, photoOf(Image, ports), {
        collection: CollectionId,
        externalImageId: ExternalImageId,
        maxFaces: Math.min(MaxFaces, mostFaces),
        judge: (face) => qualityReasons(QualityFilter, face),
      });
      return {
        FaceRecords: indexed.map(({ face, detected }) => ({
          Face: faceOf(face),
          FaceDetail: faceDetailOf(detected, size),
        })),
        UnindexedFaces: unindexed.map(({ detected, reasons }) => ({
          Reasons: reasons,
          FaceDetail: faceDetailOf(detected, size),
        })),
        FaceModelVersion: faceModelVersionOf(ports),
      };
    },
  ),

  ListFaces: operation(
    'read',
    z.object({
      CollectionId: collectionId,
      UserId: userId.optional(),
      FaceIds: faceIds.optional(),
      ...pageFields(4096, 0),
    }),
    async (ports, { CollectionId, UserId, FaceIds, ...page }) => {
      const filter = { collection: CollectionId, person: UserId, faceIds: FaceIds };
      const { items, ...next } = await pageOf(page, (asked) => listFaces(ports.registry, filter, asked));
      return { Faces: items.map(faceOf), FaceModelVersion: faceModelVersionOf(ports), ...next };
    },
  ),

  DeleteFaces: operation(
    'write',
    z.object({ CollectionId: collectionId, FaceIds: faceIds }),
    async (ports, { CollectionId, FaceIds }) => {
      const { deleted, failed } = await deleteFaces(ports, {
        collection: CollectionId,
        faceIds: FaceIds,
        assigned: 'refuse',
      });
      return {
        DeletedFaces: deleted.map(({ faceId }) => faceId),
        UnsuccessfulFaceDeletions: failed.map(({ faceId, reason, person }) => ({
          FaceId: faceId,
          UserId: person,
          Reasons: [deletionReasons[reason]],
        })),
      };
    },
  ),
};
