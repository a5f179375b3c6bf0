import {
  AssociateFacesCommand,
  type BoundingBox,
  ConflictException,
  CreateUserCommand,
  type Face,
  paginateListFaces,
  paginateListUsers,
  type RekognitionClient,
} from '@aws-sdk/client-rekognition';
import { intersectionOverUnion } from '../../lib/vision/geometry.ts';
import { calledError } from './endpoints.ts';

/** A collection, and the service that it is in. */
export interface Collection {
  readonly client: RekognitionClient;
  readonly collection: string;
}

export interface MovedUsers {
  readonly users: number;
  /** Faces that are their user's in the new collection, too. */
  readonly faces: number;
  /** Faces of users that are not in the new collection, by their ids in the old one. */
  readonly left: readonly { readonly user: string; readonly faceId: string }[];
}

/** The least overlap of two boxes that are one face's: two detectors frame a face differently, but not that differently. */
const leastOverlap = 0.3;

/** What one AssociateFaces takes. */
const associatedAtOnce = 100;

/**
 * Makes the users of an old collection in a new one, each with the same faces: those of the same ExternalImageId, at the same place of the photo. Repeating it
 * changes nothing.
 * @throws UnavailableError, RequestError when a service does not answer, or refuses
 */
export async function moveUsers(from: Collection, to: Collection): Promise<MovedUsers> {
  const ids = await facesByUser(from).catch((error: unknown) => {
    throw calledError(error, 'the endpoint of the old collection');
  });
  try {
    return await makeUsers(ids, to);
  } catch (error) {
    throw calledError(error, 'the endpoint of the new collection');
  }
}

async function facesByUser({ client, collection }: Collection): Promise<Map<string, Face[]>> {
  const faces = new Map<string, Face[]>();
  const CollectionId = collection;
  for await (const { Users = [] } of paginateListUsers({ client }, { CollectionId })) {
    for (const { UserId = '' } of Users) {
      const own: Face[] = [];
      for await (const { Faces = [] } of paginateListFaces({ client }, { CollectionId, UserId })) own.push(...Faces);
      faces.set(UserId, own);
    }
  }
  return faces;
}

async function makeUsers(
  users: ReadonlyMap<string, readonly Face[]>,
  { client, collection }: Collection,
): Promise<MovedUsers> {
  const CollectionId = collection;
  const known = await facesById(client, CollectionId);
  const left: { user: string; faceId: string }[] = [];
  let moved = 0;
  for (const [UserId, faces] of users) {
    await client.send(new CreateUserCommand({ CollectionId, UserId })).catch((error: unknown) => {
      if (!(error instanceof ConflictException)) throw error;
    });
    /** The old face's id by the new one's. */
    const found = new Map<string, string>();
    for (const { FaceId = '', ExternalImageId = '', ...face } of faces) {
      const same = samePlace(face, known.get(ExternalImageId) ?? []);
      if (same?.FaceId === undefined) left.push({ user: UserId, faceId: FaceId });
      else found.set(same.FaceId, FaceId);
    }
    const FaceIds = [...found.keys()];
    for (let at = 0; at < FaceIds.length; at += associatedAtOnce) {
      const some = FaceIds.slice(at, at + associatedAtOnce);
      // They were the user's before, however alike they are.
      const input = { CollectionId, UserId, FaceIds: some, UserMatchThreshold: 0 };
      const { UnsuccessfulFaceAssociations = [] } = await client.send(new AssociateFacesCommand(input));
      for (const { FaceId = '' } of UnsuccessfulFaceAssociations)
        left.push({ user: UserId, faceId: found.get(FaceId) ?? '' });
      moved += some.length - UnsuccessfulFaceAssociations.length;
    }
  }
  return { users: users.size, faces: moved, left };
}

async function facesById(client: RekognitionClient, CollectionId: string): Promise<Map<string, Face[]>> {
  const faces = new Map<string, Face[]>();
  for await (const { Faces = [] } of paginateListFaces({ client }, { CollectionId })) {
    for (const face of Faces) {
      if (face.ExternalImageId === undefined) continue;
      const known = faces.get(face.ExternalImageId);
      if (known) known.push(face);
      else faces.set(face.ExternalImageId, [face]);
    }
  }
  return faces;
}

/** The face of a photo that is where another service found one. */
function samePlace({ BoundingBox }: Face, faces: readonly Face[]): Face | undefined {
  let best: Face | undefined;
  let most = leastOverlap;
  for (const face of faces) {
    const overlap = intersectionOverUnion(boxOf(face.BoundingBox), boxOf(BoundingBox));
    if (overlap < most) continue;
    most = overlap;
    best = face;
  }
  return best;
}

function boxOf({ Left = 0, Top = 0, Width = 0, Height = 0 }: BoundingBox = {}) {
  return { left: Left, top: Top, width: Width, height: Height };
}
