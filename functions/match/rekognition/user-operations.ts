import { z } from 'zod';
import { assignFaces, type FailedFace, releaseFaces } from '../../../lib/core/assign-faces.ts';
import { expectCollection } from '../../../lib/core/collections.ts';
import { dismissPerson } from '../../../lib/core/dismiss-person.ts';
import { createPerson } from '../../../lib/core/people.ts';
import type { FaceRegistry } from '../../../lib/core/ports.ts';
import type { PersonRecord } from '../../../lib/core/records.ts';
import { distanceAt } from '../../../lib/vision/similarity.ts';
import { clientRequestToken, collectionId, faceId, newUserId, pageFields, pageOf, percent, userId } from './inputs.ts';
import { operation } from './operation.ts';

const user = { CollectionId: collectionId, UserId: userId, ClientRequestToken: clientRequestToken };
const faceIds = z.array(faceId).min(1).max(100);

/** Why a face was not associated or disassociated, in the protocol's words. */
const reasons = {
  FACE_NOT_FOUND: 'FACE_NOT_FOUND',
  ASSIGNED_TO_ANOTHER: 'ASSOCIATED_TO_A_DIFFERENT_USER',
  LOW_MATCH: 'LOW_MATCH_CONFIDENCE',
} as const;

/** The operations on users, who are people here. */
export const userOperations = {
  CreateUser: operation(
    'write',
    z.object({ ...user, UserId: newUserId }),
    async ({ registry }, { CollectionId, UserId }) => {
      await createPerson(registry, { collection: CollectionId, person: UserId });
      return {};
    },
  ),

  DeleteUser: operation('admin', z.object(user), async (ports, { CollectionId, UserId }) => {
    await dismissPerson(ports, { collection: CollectionId, person: UserId });
    return {};
  }),

  ListUsers: operation(
    'read',
    z.object({ CollectionId: collectionId, ...pageFields(500, 1) }),
    async ({ registry }, { CollectionId, ...page }) => {
      await expectCollection(registry, CollectionId);
      const { items, ...next } = await pageOf(page, (asked) => registry.listPeople(CollectionId, asked));
      return { Users: items.map(userOf), ...next };
    },
  ),

  AssociateFaces: operation(
    'write',
    z.object({ ...user, FaceIds: faceIds, UserMatchThreshold: percent.default(75) }),
    async (ports, { CollectionId, UserId, FaceIds, UserMatchThreshold }) => {
      const before = await facesOf(ports, CollectionId, UserId);
      const { assigned, failed } = await assignFaces(ports, {
        collection: CollectionId,
        person: UserId,
        faceIds: FaceIds,
        maxDistance: distanceAt(ports.embedder.card, UserMatchThreshold),
      });
      return {
        AssociatedFaces: assigned.filter((id) => !before.has(id)).map((FaceId) => ({ FaceId })),
        UnsuccessfulFaceAssociations: failed.filter(isTold).map(({ faceId, reason, person, similarity }) => ({
          FaceId: faceId,
          UserId: person,
          Confidence: similarity,
          Reasons: [reasons[reason]],
        })),
        UserStatus: await userStatusOf(ports, CollectionId, UserId),
      };
    },
  ),

  DisassociateFaces: operation(
    'write',
    z.object({ ...user, FaceIds: faceIds }),
    async (ports, { CollectionId, UserId, FaceIds }) => {
      const before = await facesOf(ports, CollectionId, UserId);
      const { released, failed } = await releaseFaces(ports, {
        collection: CollectionId,
        person: UserId,
        faceIds: FaceIds,
      });
      return {
        DisassociatedFaces: released.filter((id) => before.has(id)).map((FaceId) => ({ FaceId })),
        UnsuccessfulFaceDisassociations: failed.filter(isTold).map(({ faceId, reason, person }) => ({
          FaceId: faceId,
          UserId: person,
          Reasons: [reasons[reason]],
        })),
        UserStatus: await userStatusOf(ports, CollectionId, UserId),
      };
    },
  ),
};

/** A face that is nobody's is not one that could not be disassociated. */
function isTold(face: FailedFace): face is FailedFace & { readonly reason: keyof typeof reasons } {
  return face.reason in reasons;
}

/** The user's faces; those that are already as they are to be are left out of the answers. */
async function facesOf({ registry }: { readonly registry: FaceRegistry }, collection: string, person: string) {
  return new Set((await registry.getPerson(collection, person))?.faceIds);
}

/** Whoever came to be by a face is gone with the last of them. */
async function userStatusOf({ registry }: { readonly registry: FaceRegistry }, collection: string, person: string) {
  return userOf((await registry.getPerson(collection, person)) ?? { person, faceIds: [] }).UserStatus;
}

/** A user, and whether there are faces to know the user by. */
function userOf({ person, faceIds }: Pick<PersonRecord, 'person' | 'faceIds'>) {
  return { UserId: person, UserStatus: faceIds.length > 0 ? ('ACTIVE' as const) : ('CREATED' as const) };
}
