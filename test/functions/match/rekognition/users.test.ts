import {
  AssociateFacesCommand,
  CreateUserCommand,
  DeleteUserCommand,
  DescribeCollectionCommand,
  ListFacesCommand,
  ListUsersCommand,
  type RekognitionClient,
  SearchFacesCommand,
  SearchUsersCommand,
} from '@aws-sdk/client-rekognition';
import { beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../../../lib/core/errors.ts';
import { Api } from '../api.ts';
import { clientOf } from './client.ts';

const CollectionId = 'main';
let api: Api;
let client: RekognitionClient;
beforeEach(() => {
  api = new Api();
  client = clientOf(api.app);
});

/** Stores so many faces of nobody, a degree from each other. */
async function storeFaces(count: number): Promise<string[]> {
  await api.put({ 'photos/a.jpg': Array.from({ length: count }, (_, i) => `${i}@40`).join(' ') });
  return [...api.pipeline.registry.faces.keys()];
}
const associate = (UserId: string, FaceIds: string[]) =>
  client.send(new AssociateFacesCommand({ CollectionId, UserId, FaceIds, UserMatchThreshold: 0 }));

describe('people of the bucket', () => {
  beforeEach(() => api.put({ 'people/Ann O’Neil/1.jpg': '10@40', 'photos/party.jpg': '12@40 200@30' }));

  it('are users, by whatever name they have there', async () => {
    const { Users } = await client.send(new ListUsersCommand({ CollectionId }));
    const { Faces = [] } = await client.send(new ListFacesCommand({ CollectionId, UserId: 'Ann O’Neil' }));
    const byUser = await client.send(new SearchUsersCommand({ CollectionId, UserId: 'Ann O’Neil' }));
    const like = await client.send(new SearchFacesCommand({ CollectionId, FaceId: Faces[0]!.FaceId! }));

    expect(Users).toEqual([{ UserId: 'Ann O’Neil', UserStatus: 'ACTIVE' }]);
    expect(Faces).toEqual([expect.objectContaining({ UserId: 'Ann O’Neil', Confidence: 99 })]);
    expect(Faces[0]).not.toHaveProperty('ExternalImageId');
    expect(byUser.SearchedUser).toEqual({ UserId: 'Ann O’Neil' });
    expect(like.FaceMatches).toEqual([
      { Similarity: expect.any(Number), Face: expect.not.objectContaining({ UserId: expect.anything() }) },
    ]);
    expect(await client.send(new DescribeCollectionCommand({ CollectionId }))).toMatchObject({
      FaceCount: 3,
      UserCount: 1,
    });
  });

  it('lose their name as users, and not their photos', async () => {
    await client.send(new DeleteUserCommand({ CollectionId, UserId: 'Ann O’Neil' }));

    const { Faces = [] } = await client.send(new ListFacesCommand({ CollectionId }));
    expect(Faces).toHaveLength(3);
    for (const face of Faces) expect(face).not.toHaveProperty('UserId');
    expect([...api.pipeline.store.objects.keys()]).toContain('people/Ann O’Neil/1.jpg');
  });
});

describe('a user', () => {
  it('has at most 100 faces: ServiceQuotaExceededException', async () => {
    const faces = await storeFaces(101);
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'ann' }));
    const { AssociatedFaces } = await associate('ann', faces.slice(0, 100));

    expect(AssociatedFaces).toHaveLength(100);
    await expect(associate('ann', faces.slice(100))).rejects.toMatchObject({ name: 'ServiceQuotaExceededException' });
  });

  it('is told of none of the faces that were there before', async () => {
    const [one, other] = await storeFaces(2);
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'ann' }));
    await associate('ann', [one!]);

    const { AssociatedFaces, UnsuccessfulFaceAssociations } = await associate('ann', [one!, other!]);

    expect(AssociatedFaces).toEqual([{ FaceId: other }]);
    expect(UnsuccessfulFaceAssociations).toEqual([]);
  });
});

describe('a token', () => {
  const ClientRequestToken = 'token';
  const create = (UserId: string) => client.send(new CreateUserCommand({ CollectionId, UserId, ClientRequestToken }));
  const remove = (UserId: string) => client.send(new DeleteUserCommand({ CollectionId, UserId, ClientRequestToken }));

  it('keeps no failure: the same call can be tried again', async () => {
    await expect(remove('ann')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'ann' }));
    await expect(remove('ann')).resolves.toBeDefined();
  });

  it('is one of its operation alone, and answers what it answered before whatever has become of it', async () => {
    await create('ann');
    await remove('ann');
    await create('ann');

    const { Users } = await client.send(new ListUsersCommand({ CollectionId }));
    expect(Users).toEqual([]);
  });

  it('is a ConflictException while the first call is under way', async () => {
    const { registry } = api.pipeline;
    const createPerson = registry.createPerson.bind(registry);
    let second: Promise<unknown> | undefined;
    registry.createPerson = async (...args) => {
      second ??= create('ann').catch((error: Error) => error.name);
      await second;
      return createPerson(...args);
    };

    await create('ann');

    expect(await second).toBe('ConflictException');
  });
});

it('a table that does not answer is an InternalServerError, which clients try again', async () => {
  const [faceId] = await storeFaces(1);
  const { registry } = api.pipeline;
  const nearest = registry.nearest.bind(registry);
  let calls = 0;
  registry.nearest = async (query) => {
    if (calls++ === 0) throw new UnavailableError('the secret of Ann');
    return nearest(query);
  };
  const search = (maxAttempts: number) =>
    clientOf(api.app, { maxAttempts }).send(new SearchFacesCommand({ CollectionId, FaceId: faceId! }));

  await expect(search(1)).rejects.toMatchObject({
    name: 'InternalServerError',
    message: expect.not.stringContaining('Ann'),
  });
  calls = 0;
  await expect(search(2)).resolves.toMatchObject({ FaceMatches: [] });
  expect(api.errors).toHaveLength(2);
});
