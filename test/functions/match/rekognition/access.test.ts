import { beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../../functions/match/http/app.ts';
import { operations } from '../../../../functions/match/rekognition/operations.ts';
import { createSigV4Authenticator } from '../../../../lib/adapters/sigv4-authenticator.ts';
import { type AccessKey, issueKey, type Scope, scopes } from '../../../../lib/core/access-keys.ts';
import { Api, inBase64 } from '../api.ts';
import { signedRequest } from '../signed-request.ts';

const id = '0d5f9a31-572b-410c-9972-8d532f476854';
const Image = { Bytes: inBase64('10@100').bytes };

/** What each operation takes that names a collection, but for the collection. */
const inputs: Readonly<Record<string, object>> = {
  CreateCollection: {},
  DeleteCollection: {},
  DescribeCollection: {},
  IndexFaces: { Image },
  ListFaces: {},
  DeleteFaces: { FaceIds: [id] },
  SearchFaces: { FaceId: id },
  SearchFacesByImage: { Image },
  CreateUser: { UserId: 'ann' },
  DeleteUser: { UserId: 'ann' },
  ListUsers: {},
  AssociateFaces: { UserId: 'ann', FaceIds: [id] },
  DisassociateFaces: { UserId: 'ann', FaceIds: [id] },
  SearchUsers: { UserId: 'ann' },
  SearchUsersByImage: { Image },
};

let keys: readonly AccessKey[];
let call: (
  key: AccessKey,
  operation: string,
  input: object,
) => Promise<{ status: number; answer: Record<string, unknown> }>;
beforeEach(async () => {
  keys = [];
  const api = new Api();
  const authenticator = createSigV4Authenticator({ keys: async () => keys, now: Date.now });
  const usedSignatures = { use: async () => true, release: async () => {} };
  const app = createApp({ ...api.ports, callers: { keys: { authenticator, usedSignatures } } });
  await api.ports.registry.createCollection('team');
  await api.ports.registry.createCollection('other');
  await api.ports.registry.createPerson('other', 'ann');
  call = async (key, operation, input) => {
    const request = await signedRequest('http://faces.example/', {
      key,
      service: 'rekognition',
      method: 'POST',
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `RekognitionService.${operation}` },
      body: JSON.stringify(input),
    });
    const response = await app.request(request);
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  };
});

function issue(scopes: readonly Scope[], collections?: readonly string[]): AccessKey {
  const { keys: all, issued } = issueKey(keys, { name: 'test', scopes, collections }, new Date());
  keys = all;
  return issued;
}

const denied = { status: 400, answer: { __type: 'AccessDeniedException' } };

describe('with an access key', () => {
  it.each(Object.entries(operations))('%s takes the scope that it says, and no other does', async (name, { scope }) => {
    const input = { CollectionId: 'team', ...inputs[name] };
    for (const each of scopes) {
      const { answer } = await call(issue([each]), name, input);
      if (each === scope) expect(answer.__type).not.toBe('AccessDeniedException');
      else expect(answer.__type).toBe('AccessDeniedException');
    }
  });

  it.each(Object.entries(inputs))('%s touches no other collection than those of the key', async (name, input) => {
    const key = issue(scopes, ['team']);
    expect(await call(key, name, { CollectionId: 'other', ...input })).toMatchObject(denied);
    expect(await call(key, name, { CollectionId: 'never made', ...input })).not.toMatchObject({ status: 200 });
    expect((await call(key, name, { CollectionId: 'team', ...input })).answer.__type).not.toBe('AccessDeniedException');
  });

  it('every operation that names a collection is among them', () => {
    const free = ['DetectFaces', 'CompareFaces', 'ListCollections'];
    expect(Object.keys(operations).sort()).toEqual([...Object.keys(inputs), ...free].sort());
  });

  it('ListCollections shows those of the key alone', async () => {
    const { answer } = await call(issue(['read'], ['team']), 'ListCollections', {});
    expect(answer.CollectionIds).toEqual(['team']);
  });
});
