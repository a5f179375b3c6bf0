import type { LambdaContext } from 'hono/aws-lambda';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createHandler } from '../../../functions/match/http/handler.ts';
import type { RequestEvent } from '../../../functions/match/http/request-event.ts';
import { ConfigError } from '../../../lib/core/errors.ts';
import { Api } from './api.ts';

const context = { awsRequestId: '0d5f9a31-572b-410c-9972-8d532f476854' } as LambdaContext;
const gateway = 'abc123.execute-api.eu-central-1.amazonaws.com';

/** An event as API Gateway's HTTP APIs send it, in payload format 2.0; as of 2026 its path comes decoded. */
function eventOf(
  method: string,
  rawPath: string,
  rest: Partial<RequestEvent> = {},
  domainName = gateway,
): RequestEvent {
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8' };
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: '',
    headers: { host: domainName },
    isBase64Encoded: false,
    requestContext: { http, domainName } as RequestEvent['requestContext'],
    ...rest,
  } as RequestEvent;
}

let api: Api;
let handler: ReturnType<typeof createHandler>;
beforeEach(() => {
  api = new Api();
  handler = createHandler(async () => api.ports, api.ports.log);
});

describe('the Lambda handler', () => {
  it('answers in the payload format of API Gateway, with the request id of Lambda', async () => {
    const answer = await handler(eventOf('GET', '/health'), context);
    expect(answer).toMatchObject({
      statusCode: 200,
      isBase64Encoded: false,
      headers: { 'content-type': 'application/json', 'x-request-id': context.awsRequestId },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ status: 'ok' });
  });

  it('reads a body in base64, and its query', async () => {
    await api.pipeline.registry.createCollection('my team');
    const event = eventOf('POST', '/v1/search', {
      rawQueryString: 'count=3&collection=my%20team',
      headers: { 'content-type': 'image/jpeg' },
      body: Buffer.from('10@40').toString('base64'),
      isBase64Encoded: true,
    });
    expect(await handler(event, context)).toMatchObject({ statusCode: 200 });
  });

  it('reads a form in base64', async () => {
    const form = new FormData();
    form.append('image', new File(['10@40'], 'ü.jpg'));
    const request = new Request('http://x', { method: 'POST', body: form });
    const event = eventOf('POST', '/v1/detect', {
      headers: { 'content-type': request.headers.get('content-type')! },
      body: Buffer.from(await request.arrayBuffer()).toString('base64'),
      isBase64Encoded: true,
    });
    const { body } = await handler(event, context);
    expect(JSON.parse(body)).toMatchObject({ faces: [{ confidence: 0.99 }] });
  });

  it('reads JSON as text', async () => {
    await api.put({ 'people/Ägir/1.jpg': '10@40' });
    const body = JSON.stringify({ source: { key: 'people/Ägir/1.jpg' }, person: 'Ägir' });
    const event = eventOf('POST', '/v1/verify', { headers: { 'content-type': 'application/json' }, body });
    expect(JSON.parse((await handler(event, context)).body)).toMatchObject({ verified: true });
  });

  it.each(['a b.jpg', '50%.jpg', 'a%20b.jpg', 'C#.jpg', 'a+b.jpg', '"ü"/山.jpg'])(
    'deletes the photo %s, as which API Gateway has decoded its path',
    async (name) => {
      await api.put({ [`photos/${name}`]: '10@40', 'photos/a b.jpg2': '10@40' });
      const answer = await handler(eventOf('DELETE', `/v1/photos/photos/${name}`), context);
      expect(answer.statusCode).toBe(200);
      expect([...api.pipeline.store.objects.keys()]).toEqual(['photos/a b.jpg2']);
    },
  );

  it.each(['x/../y.jpg', './y.jpg', '../photos/y.jpg', 'y.jpg/.'])(
    'deletes the photo %s, and not the one to which a URL would lead',
    async (name) => {
      await api.put({ [`photos/${name}`]: '10@40', 'photos/y.jpg': '10@40' });
      const answer = await handler(eventOf('DELETE', `/v1/photos/photos/${name}`), context);
      expect(answer.statusCode).toBe(200);
      expect([...api.pipeline.store.objects.keys()]).toEqual(['photos/y.jpg']);
    },
  );

  it('decodes the path of a function URL, which comes encoded', async () => {
    await api.put({ 'photos/a%20b#?.jpg': '10@40' });
    const path = `/v1/photos/${encodeURIComponent('photos/a%20b#?.jpg')}`;
    const answer = await handler(eventOf('DELETE', path, {}, 'abc.lambda-url.eu-central-1.on.aws'), context);
    expect(answer.statusCode).toBe(200);
  });

  it('does not stumble over a GET with a body', async () => {
    expect(await handler(eventOf('GET', '/v1/people', { body: 'x' }), context)).toMatchObject({ statusCode: 200 });
  });

  it('makes its ports once', async () => {
    const makePorts = vi.fn(async () => api.ports);
    const handler = createHandler(makePorts, api.ports.log);
    await Promise.all([1, 2, 3].map(() => handler(eventOf('GET', '/v1/people'), context)));
    expect(makePorts).toHaveBeenCalledOnce();
  });

  it('answers what kept it from starting, logs it, and starts with the next request', async () => {
    const error = new ConfigError('FACENET_TABLE is missing');
    const makePorts = vi.fn(async () => api.ports).mockRejectedValueOnce(error);
    const handler = createHandler(makePorts, api.ports.log);

    const failed = await handler(eventOf('GET', '/v1/people'), context);
    const answered = await handler(eventOf('GET', '/v1/people'), context);

    expect(failed).toMatchObject({ statusCode: 500, headers: { 'content-type': 'application/problem+json' } });
    expect(JSON.parse(failed.body)).toMatchObject({ code: 'INVALID_CONFIG', requestId: context.awsRequestId });
    expect(failed.body).not.toContain('FACENET_TABLE');
    expect(api.errors).toEqual([{ details: { requestId: context.awsRequestId }, error }]);
    expect(answered.statusCode).toBe(200);
  });
});
