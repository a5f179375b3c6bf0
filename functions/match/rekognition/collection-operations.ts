import { z } from 'zod';
import { createCollection, deleteCollection, describeCollection } from '../../../lib/core/collections.ts';
import { FacenetError } from '../../../lib/core/errors.ts';
import type { ApiPorts } from '../http/app.ts';
import { RekognitionError } from './errors.ts';
import { collectionId, newCollectionId, pageFields, pageOf } from './inputs.ts';
import { operation } from './operation.ts';

const tags = z.record(z.string().min(1).max(128), z.string().max(256));

/** The operations on collections. */
export const collectionOperations = {
  /** Tags are a matter of AWS accounts: they are taken, and not kept. */
  CreateCollection: operation(
    'admin',
    z.object({ CollectionId: newCollectionId, Tags: tags.optional() }),
    async (ports, { CollectionId }) => {
      await createCollection(ports.registry, CollectionId).catch((cause: unknown) => {
        throw alreadyThere(CollectionId, cause);
      });
      return { StatusCode: 200, CollectionArn: arnOf(CollectionId), FaceModelVersion: faceModelVersionOf(ports) };
    },
  ),

  DeleteCollection: operation('admin', z.object({ CollectionId: collectionId }), async (ports, { CollectionId }) => {
    await deleteCollection(ports, CollectionId);
    return { StatusCode: 200 };
  }),

  ListCollections: operation('read', z.object(pageFields(4096, 0)), async (ports, page) => {
    const { items, ...next } = await pageOf(page, (asked) => ports.registry.listCollections(asked));
    return {
      CollectionIds: items.map(({ collection }) => collection),
      FaceModelVersions: items.map(() => faceModelVersionOf(ports)),
      ...next,
    };
  }),

  DescribeCollection: operation('read', z.object({ CollectionId: collectionId }), async (ports, { CollectionId }) => {
    const { createdAt, faces, people } = await describeCollection(ports.registry, CollectionId);
    return {
      FaceCount: faces,
      UserCount: people,
      FaceModelVersion: faceModelVersionOf(ports),
      CollectionARN: arnOf(CollectionId),
      CreationTimestamp: Date.parse(createdAt) / 1000,
    };
  }),
};

/** The version of the face model is the embedder's id: faces of another are not found. */
export function faceModelVersionOf({ embedder }: Pick<ApiPorts, 'embedder'>): string {
  return embedder.card.id;
}

/** Clients look for this very text. */
function alreadyThere(collection: string, cause: unknown): unknown {
  if (!(cause instanceof FacenetError) || cause.code !== 'COLLECTION_EXISTS') return cause;
  const message = `The collection id: ${collection} already exists. ${cause.message}`;
  return new RekognitionError('ResourceAlreadyExistsException', message, { cause });
}

function arnOf(collection: string): string {
  return `facenet:collection/${collection}`;
}
