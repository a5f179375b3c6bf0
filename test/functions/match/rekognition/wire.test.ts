import { describe, expect, it } from 'vitest';
import { createApp, createFailedApp } from '../../../../functions/match/http/app.ts';
import { ModelError } from '../../../../lib/core/errors.ts';
import { Api } from '../api.ts';

const target = (operation: string) => ({ 'x-amz-target': `RekognitionService.${operation}` });

describe('the protocol', () => {
  const api = new Api();
  const post = (headers: Record<string, string>, body = '{}') =>
    api.app.request('/', { method: 'POST', headers, body });
  const expectError = async (response: Response, name: string, status = 400) => {
    const error = (await response.json()) as Record<string, unknown>;
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    expect(response.headers.get('x-amzn-requestid')).toBe(response.headers.get('x-request-id'));
    expect(Object.keys(error)).toEqual(['__type', 'Code', 'Message']);
    expect(error).toMatchObject({ __type: name, Code: name, Message: expect.stringMatching(/.{20}/) });
  };

  it.each([
    ['another operation', target('DetectLabels')],
    ['an operation that objects have by nature', target('constructor')],
    ['another service', { 'x-amz-target': 'DynamoDB_20120810.GetItem' }],
  ])('refuses %s', async (_, headers) => {
    await expectError(await post(headers), 'UnknownOperationException');
  });

  it.each(['{', '[]', '"x"', 'null'])('refuses a body of %s', async (body) => {
    await expectError(await post(target('DetectFaces'), body), 'SerializationException');
  });

  it('takes what is null as absent', async () => {
    const body = JSON.stringify({ Image: { Bytes: null, S3Object: null } });
    const response = await post(target('DetectFaces'), body);
    expect(await response.clone().text()).toContain('neither');
    await expectError(response, 'InvalidParameterException');
  });

  it('refuses a name that no key of the bucket has room for, as bytes are counted', async () => {
    const body = JSON.stringify({ CollectionId: '山'.repeat(400) });
    await expectError(await post(target('DescribeCollection'), body), 'InvalidParameterException');
  });

  it('tells no more than the first of thousands of problems', async () => {
    const body = JSON.stringify({ CollectionId: 'main', FaceIds: Array.from({ length: 4096 }, () => 'x') });
    const response = await post(target('DeleteFaces'), body);
    expect(await response.clone().text()).toMatch(/^.{1,2000}and 4086 more of these.{1,200}$/);
    await expectError(response, 'InvalidParameterException');
  });

  it('refuses a body that is too large in its own words', async () => {
    const response = await post(target('DetectFaces'), JSON.stringify({ Image: { Bytes: 'A'.repeat(200_000) } }));
    await expectError(response, 'ImageTooLargeException');
  });

  it('tells nothing of what fails in here', async () => {
    api.pipeline.store.read = () => Promise.reject(new Error('the secret of alice'));
    const body = JSON.stringify({ Image: { S3Object: { Bucket: 'photos', Name: 'a.jpg' } } });
    const response = await post(target('DetectFaces'), body);
    expect(await response.clone().text()).not.toContain('alice');
    await expectError(response, 'InternalServerError', 500);
    expect(api.errors).toHaveLength(1);
  });

  it('answers so, too, when the API could not start', async () => {
    const app = createFailedApp(new ModelError('MODEL_MISSING', 'Expected a model, found none.'));
    await expectError(
      await app.request('/', { method: 'POST', headers: target('DetectFaces') }),
      'InternalServerError',
      500,
    );
  });

  it('lets nobody in who is not known, in its own words', async () => {
    const app = createApp({ ...api.ports, callers: {} });
    const response = await app.request('/', { method: 'POST', headers: target('DetectFaces'), body: '{}' });
    await expectError(response, 'MissingAuthenticationTokenException');
  });

  it('leaves a line with the operation in the log', async () => {
    await post(target('DetectFaces'), '{}');
    expect(api.requests.at(-1)).toMatchObject({
      route: '/',
      operation: 'DetectFaces',
      status: 400,
      code: 'INVALID_REQUEST',
    });
  });
});
