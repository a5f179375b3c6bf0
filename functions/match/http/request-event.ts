import type { LambdaEvent } from 'hono/aws-lambda';

/** A request, as API Gateway's HTTP APIs and function URLs deliver it (payload format 2.0). */
export type RequestEvent = Extract<LambdaEvent, { readonly rawPath: string }>;

/**
 * Makes of an event one that a Request can be built of. HTTP APIs deliver `rawPath` decoded (function URLs do not), so that a `%` or `#` of a name would be
 * read as part of a URL; and a GET may come with a body, which a Request refuses.
 */
export function requestEventOf(event: RequestEvent): RequestEvent {
  const { rawPath, body } = event;
  const { http, domainName } = event.requestContext;
  const isDecoded = !domainName.includes('.lambda-url.');
  return {
    ...event,
    rawPath: isDecoded ? rawPath.split('/').map(encodeURIComponent).join('/') : rawPath,
    body: http.method === 'GET' || http.method === 'HEAD' ? null : body,
  };
}
