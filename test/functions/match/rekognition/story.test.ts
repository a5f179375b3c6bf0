import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AssociateFacesCommand,
  CompareFacesCommand,
  CreateCollectionCommand,
  CreateUserCommand,
  DeleteCollectionCommand,
  DeleteFacesCommand,
  DeleteUserCommand,
  DescribeCollectionCommand,
  DetectFacesCommand,
  DisassociateFacesCommand,
  IndexFacesCommand,
  ListCollectionsCommand,
  ListFacesCommand,
  ListUsersCommand,
  paginateListCollections,
  paginateListFaces,
  paginateListUsers,
  type RekognitionClient,
  type RekognitionServiceException,
  SearchFacesByImageCommand,
  SearchFacesCommand,
  SearchUsersByImageCommand,
  SearchUsersCommand,
} from '@aws-sdk/client-rekognition';
import { PutBucketVersioningCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../../../functions/match/rekognition/operations.ts';
import { localS3Client } from '../../../../local/clients.ts';
import { portrait, RunningStack, sample } from '../../../local/running-stack.ts';
import { rekognitionClient } from './client.ts';

/** Every operation by stock clients of three languages, told nothing but another endpoint, on the stack with its models. */
let running: RunningStack;
let folder: string;

beforeAll(async () => {
  const party = await sharp(sample(1)).resize({ width: 960 }).jpeg().toBuffer();
  // The woman on the right of the party is the one in the middle of another evening.
  const photos = {
    party,
    alice: await portrait(1, { left: 1478, top: 212, width: 204, height: 240 }),
    'alice-again': await portrait(3, { left: 1057, top: 198, width: 228, height: 280 }),
    landscape: await sharp({ create: { width: 300, height: 200, channels: 3, background: '#68a' } })
      .jpeg()
      .toBuffer(),
  };
  folder = await mkdtemp(join(tmpdir(), 'facenet-rekognition-'));
  for (const [name, bytes] of Object.entries(photos)) await writeFile(join(folder, `${name}.jpg`), bytes);
  running = await RunningStack.start();
  await running.put('party.jpg', party);
});

afterAll(async () => {
  await running?.close();
  await rm(folder, { recursive: true });
});

const run = promisify(execFile);
const has = (command: string, ...args: string[]) => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

it.skipIf(!has('python3', '-c', 'import boto3'))('boto3 (skipped where it is not installed)', async () => {
  const script = join(import.meta.dirname, 'boto3-story.py');
  const { stdout } = await run('python3', [script, running.stack.api, folder, running.stack.bucket]);

  expect(stdout.trim().split('\n').sort()).toEqual(Object.keys(operations).sort());
});

it.skipIf(!has('aws', '--version'))(
  'aws-cli, by one operation of each kind (skipped where there is no aws-cli)',
  async () => {
    const env = {
      ...process.env,
      AWS_ENDPOINT_URL_REKOGNITION: running.stack.api,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'us-east-1',
    };
    const aws = async (...words: string[]) => {
      const { stdout } = await run('aws', ['rekognition', ...words, '--output', 'json'], { env });
      return stdout === '' ? {} : JSON.parse(stdout);
    };
    const here = ['--collection-id', 'cli'];
    const object = JSON.stringify({ S3Object: { Bucket: running.stack.bucket, Name: 'party.jpg' } });
    const again = join(folder, 'alice-again.jpg');

    expect((await aws('detect-faces', '--image', object)).FaceDetails).toHaveLength(3);
    expect(await aws('create-collection', ...here)).toMatchObject({ StatusCode: 200 });
    const indexed = await aws('index-faces', ...here, '--image', object, '--external-image-id', 'party');
    expect(indexed.FaceRecords).toHaveLength(3);
    const found = await aws('search-faces-by-image', ...here, '--image-bytes', `fileb://${again}`);
    expect(found.FaceMatches[0].Face.ExternalImageId).toBe('party');
    await aws('create-user', ...here, '--user-id', 'alice');
    const face = found.FaceMatches[0].Face.FaceId;
    const associated = await aws('associate-faces', ...here, '--user-id', 'alice', '--face-ids', face);
    expect(associated).toMatchObject({ AssociatedFaces: [{ FaceId: face }], UserStatus: 'ACTIVE' });
    const faces = await aws('list-faces', ...here, '--page-size', '2');
    expect(faces.Faces).toHaveLength(3);
    await expect(aws('describe-collection', '--collection-id', 'missing')).rejects.toThrow(/ResourceNotFoundException/);
    expect(await aws('delete-collection', ...here)).toMatchObject({ StatusCode: 200 });
  },
);

describe('the client for JavaScript', () => {
  let client: RekognitionClient;
  let alice: Buffer;
  let again: Buffer;
  let party: Buffer;
  let landscape: Buffer;
  /** Faces of the collection: hers alone, hers at the party, and somebody else's there. */
  let ofAlice: string;
  let ofAliceAtParty: string;
  let ofOther: string;

  const CollectionId = 'story.of_JavaScript-1';
  const nobody = '00000000-0000-4000-8000-000000000000';
  const inBucket = (more: object = {}) => ({ S3Object: { Bucket: 'photos', Name: 'party.jpg', ...more } });

  beforeAll(async () => {
    client = rekognitionClient(running.stack.api);
    const photo = (name: string) => readFile(join(folder, `${name}.jpg`));
    [alice, again, party, landscape] = await Promise.all([
      photo('alice'),
      photo('alice-again'),
      photo('party'),
      photo('landscape'),
    ]);
  });
  afterAll(() => client.destroy());

  const fails = async (name: string, call: Promise<unknown>): Promise<string> => {
    const error = await call.then(
      () => expect.fail(`${name} was expected`),
      (error: RekognitionServiceException) => error,
    );
    expect({ name: error.name, status: error.$metadata.httpStatusCode }).toEqual({ name, status: 400 });
    return error.message;
  };
  const list = async <T>(pages: AsyncIterable<T>): Promise<T[]> => {
    const all: T[] = [];
    for await (const page of pages) all.push(page);
    return all;
  };
  const describeIt = () => client.send(new DescribeCollectionCommand({ CollectionId }));

  it('CreateCollection', async () => {
    const { StatusCode, CollectionArn, FaceModelVersion } = await client.send(
      new CreateCollectionCommand({ CollectionId, Tags: { team: 'faces' } }),
    );

    expect(StatusCode).toBe(200);
    expect(CollectionArn).toMatch(new RegExp(`collection/${CollectionId}$`));
    expect(FaceModelVersion).toBeTruthy();
    const message = await fails(
      'ResourceAlreadyExistsException',
      client.send(new CreateCollectionCommand({ CollectionId })),
    );
    expect(message).toMatch(`The collection id: ${CollectionId} already exists.`);
    for (const name of ['no spaces', 'no/slashes', 'x'.repeat(256)]) {
      await fails('InvalidParameterException', client.send(new CreateCollectionCommand({ CollectionId: name })));
    }
  });

  it('ListCollections', async () => {
    const pages = await list(paginateListCollections({ client, pageSize: 1 }, {}));
    const whole = await client.send(new ListCollectionsCommand({ MaxResults: 0 }));

    const names = pages.flatMap(({ CollectionIds = [] }) => CollectionIds);
    expect(names).toEqual(whole.CollectionIds);
    expect(names).toEqual(expect.arrayContaining(['main', CollectionId]));
    expect(whole.FaceModelVersions).toHaveLength(names.length);
    expect(whole.NextToken).toBeUndefined();
    await fails('InvalidPaginationTokenException', client.send(new ListCollectionsCommand({ NextToken: 'nonsense' })));
    await fails('InvalidParameterException', client.send(new ListCollectionsCommand({ MaxResults: 4097 })));
  });

  it('IndexFaces', async () => {
    const input = { CollectionId, Image: { Bytes: alice }, ExternalImageId: 'alice:1' };
    const { FaceRecords = [], UnindexedFaces, FaceModelVersion } = await client.send(new IndexFacesCommand(input));
    const repeated = await client.send(new IndexFacesCommand(input));
    const renamed = await client.send(new IndexFacesCommand({ ...input, ExternalImageId: 'alice:2' }));

    expect(FaceRecords).toHaveLength(1);
    expect(UnindexedFaces).toEqual([]);
    const { Face, FaceDetail } = FaceRecords[0]!;
    expect(Face).toEqual({
      FaceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ImageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      ExternalImageId: 'alice:1',
      BoundingBox: FaceDetail?.BoundingBox,
      Confidence: FaceDetail?.Confidence,
      IndexFacesModelVersion: FaceModelVersion,
    });
    expect(repeated.FaceRecords?.[0]?.Face).toEqual(Face);
    ofAlice = Face!.FaceId!;
    const other = renamed.FaceRecords![0]!.Face!;
    expect(other).not.toMatchObject({ FaceId: ofAlice });
    await client.send(new DeleteFacesCommand({ CollectionId, FaceIds: [other.FaceId!] }));
  });

  it('IndexFaces of an object: the largest faces first, the others with the reason', async () => {
    const { FaceRecords = [], UnindexedFaces = [] } = await client.send(
      new IndexFacesCommand({ CollectionId, Image: inBucket(), ExternalImageId: 'party', MaxFaces: 2 }),
    );
    const areas = FaceRecords.map(({ Face }) => Face!.BoundingBox!.Width! * Face!.BoundingBox!.Height!);

    expect(areas).toHaveLength(2);
    expect(areas[0]).toBeGreaterThan(areas[1]!);
    expect(UnindexedFaces.map(({ Reasons }) => Reasons)).toEqual([['EXCEEDS_MAX_FACES']]);
    const blurred = await sharp(party).blur(8).jpeg().toBuffer();
    const filtered = await client.send(new IndexFacesCommand({ CollectionId, Image: { Bytes: blurred } }));
    expect(filtered.FaceRecords).toEqual([]);
    expect(filtered.UnindexedFaces?.flatMap(({ Reasons }) => Reasons)).toContain('LOW_SHARPNESS');
    const none = await client.send(new IndexFacesCommand({ CollectionId, Image: { Bytes: landscape } }));
    expect([none.FaceRecords, none.UnindexedFaces]).toEqual([[], []]);
    await fails(
      'ResourceNotFoundException',
      client.send(new IndexFacesCommand({ CollectionId: 'missing', Image: { Bytes: alice } })),
    );
    await fails(
      'InvalidParameterException',
      client.send(new IndexFacesCommand({ CollectionId, Image: { Bytes: alice }, ExternalImageId: 'a b' })),
    );
    await fails(
      'InvalidParameterException',
      client.send(new IndexFacesCommand({ CollectionId, Image: { Bytes: alice }, MaxFaces: 0 })),
    );
    await fails(
      'InvalidS3ObjectException',
      client.send(new IndexFacesCommand({ CollectionId, Image: inBucket({ Version: 'never-was' }) })),
    );
  });

  it('DescribeCollection', async () => {
    const { FaceCount, UserCount, CreationTimestamp, CollectionARN } = await describeIt();

    expect({ FaceCount, UserCount }).toEqual({ FaceCount: 3, UserCount: 0 });
    expect(Math.abs(CreationTimestamp!.getTime() - Date.now())).toBeLessThan(3_600_000);
    expect(CollectionARN).toMatch(/^facenet:collection\//);
    await fails('ResourceNotFoundException', client.send(new DescribeCollectionCommand({ CollectionId: 'missing' })));
  });

  it('ListFaces', async () => {
    const pages = await list(paginateListFaces({ client, pageSize: 2 }, { CollectionId }));
    const some = await client.send(new ListFacesCommand({ CollectionId, FaceIds: [ofAlice, nobody] }));

    expect(pages.map(({ Faces }) => Faces?.length)).toEqual([2, 1]);
    const faces = pages.flatMap(({ Faces = [] }) => Faces);
    expect(faces.map(({ ExternalImageId }) => ExternalImageId).sort()).toEqual(['alice:1', 'party', 'party']);
    expect(some.Faces?.map(({ FaceId }) => FaceId)).toEqual([ofAlice]);
    await fails('ResourceNotFoundException', client.send(new ListFacesCommand({ CollectionId: 'missing' })));
    await fails('InvalidParameterException', client.send(new ListFacesCommand({ CollectionId, FaceIds: ['no-uuid'] })));
    await fails(
      'InvalidPaginationTokenException',
      client.send(new ListFacesCommand({ CollectionId, NextToken: 'nonsense' })),
    );
  });

  it('SearchFaces', async () => {
    const { FaceMatches = [], SearchedFaceId } = await client.send(
      new SearchFacesCommand({ CollectionId, FaceId: ofAlice }),
    );
    const all = await client.send(new SearchFacesCommand({ CollectionId, FaceId: ofAlice, FaceMatchThreshold: 0 }));
    const one = await client.send(
      new SearchFacesCommand({ CollectionId, FaceId: ofAlice, FaceMatchThreshold: 0, MaxFaces: 1 }),
    );

    expect(SearchedFaceId).toBe(ofAlice);
    expect(FaceMatches.map(({ Face }) => Face?.ExternalImageId)).toEqual(['party']);
    ofAliceAtParty = FaceMatches[0]!.Face!.FaceId!;
    expect(all.FaceMatches?.map(({ Face }) => Face?.FaceId)).toEqual([ofAliceAtParty, expect.any(String)]);
    ofOther = all.FaceMatches![1]!.Face!.FaceId!;
    expect(all.FaceMatches![1]!.Similarity).toBeLessThan(80);
    expect(one.FaceMatches).toHaveLength(1);
    await fails('InvalidParameterException', client.send(new SearchFacesCommand({ CollectionId, FaceId: nobody })));
    await fails(
      'InvalidParameterException',
      client.send(new SearchFacesCommand({ CollectionId, FaceId: ofAlice, MaxFaces: 4097 })),
    );
    await fails(
      'ResourceNotFoundException',
      client.send(new SearchFacesCommand({ CollectionId: 'missing', FaceId: ofAlice })),
    );
  });

  it('SearchFacesByImage', async () => {
    const Image = { Bytes: again };
    const { FaceMatches = [], ...searched } = await client.send(new SearchFacesByImageCommand({ CollectionId, Image }));
    const strict = await client.send(
      new SearchFacesByImageCommand({ CollectionId, Image, FaceMatchThreshold: 100, MaxFaces: 4096 }),
    );

    expect(FaceMatches.map(({ Face }) => Face?.FaceId).sort()).toEqual([ofAlice, ofAliceAtParty].sort());
    expect(FaceMatches[0]!.Similarity).toBeGreaterThanOrEqual(FaceMatches[1]!.Similarity!);
    expect(searched.SearchedFaceConfidence).toBeGreaterThan(90);
    expect(searched.SearchedFaceBoundingBox?.Width).toBeGreaterThan(0);
    expect(strict.FaceMatches).toEqual([]);
    const message = await fails(
      'InvalidParameterException',
      client.send(new SearchFacesByImageCommand({ CollectionId, Image: { Bytes: landscape } })),
    );
    expect(message).toMatch(/^There are no faces in the image\. Should be at least 1\./);
    await fails(
      'ResourceNotFoundException',
      client.send(new SearchFacesByImageCommand({ CollectionId: 'missing', Image })),
    );
  });

  it('CreateUser: once for each token', async () => {
    const token = { ClientRequestToken: 'a-token_1' };
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'alice', ...token }));
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'alice', ...token }));
    await client.send(new CreateUserCommand({ CollectionId, UserId: 'bob' }));

    await fails(
      'IdempotentParameterMismatchException',
      client.send(new CreateUserCommand({ CollectionId, UserId: 'carol', ...token })),
    );
    await fails('ConflictException', client.send(new CreateUserCommand({ CollectionId, UserId: 'alice' })));
    await fails(
      'InvalidParameterException',
      client.send(new CreateUserCommand({ CollectionId, UserId: 'x'.repeat(129) })),
    );
    await fails(
      'InvalidParameterException',
      client.send(new CreateUserCommand({ CollectionId, UserId: 'x', ClientRequestToken: 'no spaces' })),
    );
    await fails(
      'ResourceNotFoundException',
      client.send(new CreateUserCommand({ CollectionId: 'missing', UserId: 'alice' })),
    );
  });

  it('ListUsers', async () => {
    const pages = await list(paginateListUsers({ client, pageSize: 1 }, { CollectionId }));

    expect(pages.map(({ Users }) => Users)).toEqual([
      [{ UserId: 'alice', UserStatus: 'CREATED' }],
      [{ UserId: 'bob', UserStatus: 'CREATED' }],
    ]);
    await fails('InvalidParameterException', client.send(new ListUsersCommand({ CollectionId, MaxResults: 0 })));
    await fails('ResourceNotFoundException', client.send(new ListUsersCommand({ CollectionId: 'missing' })));
  });

  it('AssociateFaces', async () => {
    const associate = (UserId: string, FaceIds: string[], more: object = {}) =>
      client.send(new AssociateFacesCommand({ CollectionId, UserId, FaceIds, ...more }));
    const first = await associate('alice', [ofAlice, nobody]);
    const unlike = await associate('alice', [ofOther, ofAlice]);
    const taken = await associate('bob', [ofAlice]);

    expect(first.AssociatedFaces).toEqual([{ FaceId: ofAlice }]);
    expect(first.UnsuccessfulFaceAssociations).toEqual([{ FaceId: nobody, Reasons: ['FACE_NOT_FOUND'] }]);
    expect(first.UserStatus).toBe('ACTIVE');
    expect(unlike.AssociatedFaces).toEqual([]);
    expect(unlike.UnsuccessfulFaceAssociations).toEqual([
      { FaceId: ofOther, Confidence: expect.any(Number), Reasons: ['LOW_MATCH_CONFIDENCE'] },
    ]);
    expect(unlike.UnsuccessfulFaceAssociations?.[0]?.Confidence).toBeLessThan(75);
    expect(taken).toMatchObject({
      AssociatedFaces: [],
      UnsuccessfulFaceAssociations: [{ FaceId: ofAlice, UserId: 'alice', Reasons: ['ASSOCIATED_TO_A_DIFFERENT_USER'] }],
      UserStatus: 'CREATED',
    });
    const { Faces } = await client.send(new ListFacesCommand({ CollectionId, UserId: 'alice' }));
    expect(Faces).toEqual([expect.objectContaining({ FaceId: ofAlice, UserId: 'alice' })]);
    expect(await describeIt()).toMatchObject({ FaceCount: 3, UserCount: 2 });
    await fails('ResourceNotFoundException', associate('carol', [ofAlice]));
    await fails('InvalidParameterException', associate('alice', []));
    await fails('InvalidParameterException', associate('alice', Array(101).fill(ofAlice)));
  });

  it('SearchUsers', async () => {
    const search = (more: object) => client.send(new SearchUsersCommand({ CollectionId, ...more }));
    const byFace = await search({ FaceId: ofAliceAtParty });
    const byUser = await search({ UserId: 'alice', UserMatchThreshold: 0 });

    expect(byFace.SearchedFace).toEqual({ FaceId: ofAliceAtParty });
    expect(byFace.UserMatches).toEqual([
      { Similarity: expect.any(Number), User: { UserId: 'alice', UserStatus: 'ACTIVE' } },
    ]);
    expect(byUser).toMatchObject({ SearchedUser: { UserId: 'alice' }, UserMatches: [] });
    await fails('InvalidParameterException', search({}));
    await fails('InvalidParameterException', search({ UserId: 'alice', FaceId: ofAlice }));
    await fails('ResourceNotFoundException', search({ UserId: 'carol' }));
  });

  it('SearchUsersByImage', async () => {
    const search = (Bytes: Buffer) => client.send(new SearchUsersByImageCommand({ CollectionId, Image: { Bytes } }));
    const [hers, group, none] = [await search(again), await search(party), await search(landscape)];

    expect(hers.UserMatches?.map(({ User }) => User?.UserId)).toEqual(['alice']);
    expect(hers.UserMatches?.[0]?.Similarity).toBeGreaterThanOrEqual(80);
    expect(hers.SearchedFace?.FaceDetail?.Landmarks).toHaveLength(5);
    expect(group.UnsearchedFaces?.map(({ Reasons }) => Reasons)).toEqual([['FACE_NOT_LARGEST'], ['FACE_NOT_LARGEST']]);
    expect(none).toMatchObject({ UserMatches: [], UnsearchedFaces: [] });
    expect(none.SearchedFace).toBeUndefined();
  });

  it('DeleteFaces', async () => {
    const { DeletedFaces, UnsuccessfulFaceDeletions } = await client.send(
      new DeleteFacesCommand({ CollectionId, FaceIds: [ofAlice, ofOther, nobody] }),
    );

    expect(DeletedFaces).toEqual([ofOther]);
    expect(UnsuccessfulFaceDeletions).toHaveLength(2);
    expect(UnsuccessfulFaceDeletions).toEqual(
      expect.arrayContaining([
        { FaceId: ofAlice, UserId: 'alice', Reasons: ['ASSOCIATED_TO_AN_EXISTING_USER'] },
        { FaceId: nobody, Reasons: ['FACE_NOT_FOUND'] },
      ]),
    );
    await fails(
      'ResourceNotFoundException',
      client.send(new DeleteFacesCommand({ CollectionId: 'missing', FaceIds: [ofAlice] })),
    );
  });

  it('DisassociateFaces', async () => {
    const disassociate = (FaceIds: string[], UserId = 'alice') =>
      client.send(new DisassociateFacesCommand({ CollectionId, UserId, FaceIds }));
    const first = await disassociate([ofAlice, nobody]);
    const repeated = await disassociate([ofAlice]);

    expect(first).toMatchObject({
      DisassociatedFaces: [{ FaceId: ofAlice }],
      UnsuccessfulFaceDisassociations: [{ FaceId: nobody, Reasons: ['FACE_NOT_FOUND'] }],
      UserStatus: 'CREATED',
    });
    expect(repeated).toMatchObject({ DisassociatedFaces: [], UnsuccessfulFaceDisassociations: [] });
    await fails('ResourceNotFoundException', disassociate([ofAlice], 'carol'));
  });

  it('DeleteUser: the faces stay, and are nobody’s', async () => {
    await client.send(new AssociateFacesCommand({ CollectionId, UserId: 'alice', FaceIds: [ofAlice] }));
    await client.send(new DeleteUserCommand({ CollectionId, UserId: 'alice' }));

    const { Users } = await client.send(new ListUsersCommand({ CollectionId }));
    const { Faces } = await client.send(new ListFacesCommand({ CollectionId, FaceIds: [ofAlice] }));
    expect(Users?.map(({ UserId }) => UserId)).toEqual(['bob']);
    expect(Faces?.[0]).not.toHaveProperty('UserId');
    await fails('ResourceNotFoundException', client.send(new DeleteUserCommand({ CollectionId, UserId: 'alice' })));
  });

  it('DetectFaces and CompareFaces', async () => {
    const { FaceDetails } = await client.send(new DetectFacesCommand({ Image: inBucket() }));
    const { FaceMatches, UnmatchedFaces } = await client.send(
      new CompareFacesCommand({ SourceImage: { Bytes: again }, TargetImage: inBucket() }),
    );

    expect(FaceDetails).toHaveLength(3);
    expect([FaceMatches?.length, UnmatchedFaces?.length]).toEqual([1, 2]);
  });

  it('looks at the faces that meet the quality that is asked for; at any when nobody asks', async () => {
    const blurred = { Bytes: await sharp(again).blur(3).jpeg().toBuffer() };
    const faces = (more: object) =>
      client.send(new SearchFacesByImageCommand({ CollectionId, Image: blurred, ...more }));
    const users = (more: object) =>
      client.send(new SearchUsersByImageCommand({ CollectionId, Image: blurred, ...more }));

    expect((await faces({})).SearchedFaceBoundingBox).toBeDefined();
    await fails('InvalidParameterException', faces({ QualityFilter: 'HIGH' }));
    expect((await users({})).SearchedFace).toBeDefined();
    const strict = await users({ QualityFilter: 'HIGH' });
    expect(strict.SearchedFace).toBeUndefined();
    expect(strict.UnsearchedFaces?.map(({ Reasons }) => Reasons)).toEqual([expect.arrayContaining(['LOW_SHARPNESS'])]);
  });

  it('reads the version of an object that is asked for', async () => {
    const s3 = localS3Client(running.stack.s3);
    const Bucket = running.stack.bucket;
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'versions.jpg', Body: party }));
    await s3.send(new PutObjectCommand({ Bucket, Key: 'versions.jpg', Body: landscape }));
    s3.destroy();
    const facesIn = async (Version?: string) => {
      const Image = { S3Object: { Bucket, Name: 'versions.jpg', Version } };
      return (await client.send(new DetectFacesCommand({ Image }))).FaceDetails?.length;
    };

    expect([await facesIn(VersionId), await facesIn()]).toEqual([3, 0]);
  });

  it('DeleteCollection', async () => {
    const { StatusCode } = await client.send(new DeleteCollectionCommand({ CollectionId }));

    expect(StatusCode).toBe(200);
    const { CollectionIds } = await client.send(new ListCollectionsCommand({}));
    expect(CollectionIds).not.toContain(CollectionId);
    await fails('ResourceNotFoundException', client.send(new DeleteCollectionCommand({ CollectionId })));
    await fails('ResourceNotFoundException', client.send(new ListFacesCommand({ CollectionId })));
  });
});
