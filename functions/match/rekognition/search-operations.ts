import { z } from 'zod';
import type { Match } from '../../../lib/core/records.ts';
import { type FoundFace, searchByFace, searchFaces, searchPeople } from '../../../lib/core/search-faces.ts';
import { searchPeopleByPhoto } from '../../../lib/core/search-people-by-photo.ts';
import { distanceAt } from '../../../lib/vision/similarity.ts';
import { faceModelVersionOf } from './collection-operations.ts';
import { imageSchema, photoOf } from './images.ts';
import { collectionId, faceId, maxFaces, maxUsers, percent, qualityFilter, userId } from './inputs.ts';
import { operation } from './operation.ts';
import { qualityReasons } from './quality-filter.ts';
import { boundingBoxOf, faceDetailOf, faceOf, percentOf } from './shapes.ts';

/** The operations that search a collection. */
export const searchOperations = {
  SearchFaces: operation(
    'read',
    z.object({
      CollectionId: collectionId,
      FaceId: faceId,
      MaxFaces: maxFaces,
      FaceMatchThreshold: percent.default(80),
    }),
    async (ports, { CollectionId, FaceId, MaxFaces, FaceMatchThreshold }) => {
      const { faces } = await searchByFace(ports, {
        collection: CollectionId,
        faceId: FaceId,
        count: MaxFaces,
        threshold: distanceAt(ports.embedder.card, FaceMatchThreshold),
      });
      return {
        SearchedFaceId: FaceId,
        FaceMatches: faces.map(faceMatchOf),
        FaceModelVersion: faceModelVersionOf(ports),
      };
    },
  ),

  SearchFacesByImage: operation(
    'read',
    z.object({
      CollectionId: collectionId,
      Image: imageSchema,
      MaxFaces: maxFaces,
      FaceMatchThreshold: percent.default(80),
      QualityFilter: qualityFilter.default('NONE'),
    }),
    async (ports, { CollectionId, Image, MaxFaces, FaceMatchThreshold, QualityFilter }) => {
      const { searched, faces } = await searchFaces(
        ports,
        { photo: photoOf(Image, ports), fits: (face) => qualityReasons(QualityFilter, face).length === 0 },
        {
          collection: CollectionId,
          count: MaxFaces,
          threshold: distanceAt(ports.embedder.card, FaceMatchThreshold),
        },
      );
      return {
        SearchedFaceBoundingBox: boundingBoxOf(searched.face.box, searched),
        SearchedFaceConfidence: percentOf(searched.face.confidence),
        FaceMatches: faces.map(faceMatchOf),
        FaceModelVersion: faceModelVersionOf(ports),
      };
    },
  ),

  SearchUsers: operation(
    'read',
    z
      .object({
        CollectionId: collectionId,
        UserId: userId.optional(),
        FaceId: faceId.optional(),
        UserMatchThreshold: percent.default(80),
        MaxUsers: maxUsers,
      })
      .refine(({ UserId, FaceId }) => (UserId === undefined) !== (FaceId === undefined), {
        error: 'expected UserId or FaceId, and not both',
      }),
    async (ports, { CollectionId, UserId, FaceId, UserMatchThreshold, MaxUsers }) => {
      const people = await searchPeople(ports, {
        collection: CollectionId,
        by: UserId === undefined ? { faceId: FaceId! } : { person: UserId },
        count: MaxUsers,
        threshold: distanceAt(ports.embedder.card, UserMatchThreshold),
      });
      return {
        UserMatches: people.map(userMatchOf),
        FaceModelVersion: faceModelVersionOf(ports),
        ...(UserId === undefined ? { SearchedFace: { FaceId } } : { SearchedUser: { UserId } }),
      };
    },
  ),

  SearchUsersByImage: operation(
    'read',
    z.object({
      CollectionId: collectionId,
      Image: imageSchema,
      UserMatchThreshold: percent.default(80),
      MaxUsers: maxUsers,
      QualityFilter: qualityFilter.default('NONE'),
    }),
    async (ports, { CollectionId, Image, UserMatchThreshold, MaxUsers, QualityFilter }) => {
      const { searched, unsearched, people, ...size } = await searchPeopleByPhoto(ports, photoOf(Image, ports), {
        collection: CollectionId,
        count: MaxUsers,
        threshold: distanceAt(ports.embedder.card, UserMatchThreshold),
        fits: (face) => qualityReasons(QualityFilter, face).length === 0,
      });
      return {
        UserMatches: people.map(userMatchOf),
        FaceModelVersion: faceModelVersionOf(ports),
        ...(searched && { SearchedFace: { FaceDetail: faceDetailOf(searched, size) } }),
        UnsearchedFaces: unsearched.map((face) => {
          const reasons = qualityReasons(QualityFilter, face);
          return {
            FaceDetails: faceDetailOf(face, size),
            Reasons: reasons.length > 0 ? reasons : ['FACE_NOT_LARGEST'],
          };
        }),
      };
    },
  ),
};

function faceMatchOf({ face, similarity }: FoundFace) {
  return { Similarity: similarity, Face: faceOf(face) };
}

/** A user who is found has faces. */
function userMatchOf({ person, similarity }: Match) {
  return { Similarity: similarity, User: { UserId: person, UserStatus: 'ACTIVE' } };
}
