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
    rawPath: isDecoded ? encodedPath(rawPath) : rawPath,
    body: http.method === 'GET' || http.method === 'HEAD' ? null : body,
  };
}

/** A dot between slashes is a name here, and must not lead a URL to another photo: the slash before it becomes part of the name. */
function encodedPath(path: string): string {
  return path
    .split('/')
    .map(encodeURIComponent)
    .join('/')
    .replaceAll(/\/(?=\.{1,2}(?:\/|$))/g, '%2F');
}
