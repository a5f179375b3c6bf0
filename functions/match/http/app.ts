import { randomUUID } from 'node:crypto';
import { type Hook, OpenAPIHono } from '@hono/zod-openapi';
import type { Context, Env, MiddlewareHandler } from 'hono';
import type { LambdaContext } from 'hono/aws-lambda';
import { bodyLimit } from 'hono/body-limit';
import { methodNotAllowed } from 'hono/method-not-allowed';
import { requestId } from 'hono/request-id';
import { routePath } from 'hono/route';
import { secureHeaders } from 'hono/secure-headers';
import { RequestError } from '../../../lib/core/errors.ts';
import type { ForgetPorts } from '../../../lib/core/forget.ts';
import type { IndexPorts } from '../../../lib/core/index-faces.ts';
import type { UploadPorts } from '../../../lib/core/photo-upload.ts';
import type { AnsweredRequests, ImageStore, Log } from '../../../lib/core/ports.ts';
import { answerRekognitionError, isRekognition, rekognitionRoutes } from '../rekognition/app.ts';
import { type Callers, knownCallers, onBehalfOfCaller, scopedRoutes } from './callers.ts';
import { collectionsRoutes } from './collections.ts';
import { contractHead, describeSecurity } from './contract.ts';
import { docsPage } from './docs-page.ts';
import { facesRoutes } from './faces.ts';
import { healthRoutes } from './health.ts';
import { answerOnce } from './idempotency.ts';
import { peopleRoutes } from './people.ts';
import { photosRoutes } from './photos.ts';
import { answerProblem, codeOf, invalidRequest } from './problem.ts';
import { recognitionRoutes } from './recognition.ts';
import { scopeOfRequest } from './route-scopes.ts';

/** Where the routes begin that clients are written against: what would break them goes under another version. `/health` and `/openapi.json` are for operators and have none. */
const apiVersion = '/v1';

/** What the API leans on. */
export interface ApiPorts extends IndexPorts, ForgetPorts, UploadPorts {
  readonly store: ImageStore;
  readonly answered: AnsweredRequests;
  /** The largest body of a request, in bytes. */
  readonly maxRequestBytes: number;
  /** Who may call. */
  readonly callers: Callers;
  readonly log: Log;
}

/** The HTTP API: `app.fetch` takes a Request and gives a Response, whatever runs it. */
export function createApp(given: ApiPorts): OpenAPIHono {
  const ports = onBehalfOfCaller(given);
  const { callers } = ports;
  const app = new OpenAPIHono({ getPath: pathOf, defaultHook: refuseInput });
  app.use(
    requestId({ generator: lambdaRequestId }),
    secureHeaders(),
    accessLog(ports.log),
    methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }),
    bodyLimit({ maxSize: ports.maxRequestBytes, onError: () => refuseSize(ports.maxRequestBytes) }),
    knownCallers(callers),
    scopedRoutes(callers, scopeOfRequest),
    answerOnce(ports.answered),
  );
  app.route('/', rekognitionRoutes(ports));
  for (const routes of [recognitionRoutes, peopleRoutes, facesRoutes, photosRoutes, collectionsRoutes]) {
    app.route(apiVersion, routes(ports));
  }
  app.route('/', healthRoutes(ports));
  app.route('/', docsPage());
  describeSecurity(app);
  app.doc31('/openapi.json', contractHead(ports));
  app.notFound((c) => answerProblem(c, routeNotFound(c)));
  app.onError((error, c) => {
    const response = answerError(c, error);
    if (response.status >= 500) {
      ports.log.error('request failed', { requestId: c.get('requestId'), code: codeOf(error) }, error);
    }
    return response;
  });
  return app;
}

/** What answers while the ports of the API cannot be had: every request with the same problem. */
export function createFailedApp(error: unknown): OpenAPIHono {
  const app = new OpenAPIHono();
  app.use(requestId({ generator: lambdaRequestId }), secureHeaders());
  app.all('*', (c) => answerError(c, error));
  return app;
}

/** Each protocol has a shape of errors of its own. */
function answerError(c: Context, error: unknown): Response {
  return isRekognition(c) ? answerRekognitionError(c, error) : answerProblem(c, error);
}

/** The path to route by, still encoded. A photo's key is one segment, whatever slashes it has; so every parameter is decoded once. */
function pathOf(request: Request): string {
  const { pathname } = new URL(request.url);
  const root = `${apiVersion}/photos/`;
  return pathname.startsWith(root) ? root + pathname.slice(root.length).replaceAll('/', '%2F') : pathname;
}

/** The id by which Lambda's own log lines can be found; elsewhere a new one. */
function lambdaRequestId({ env }: Context<{ Bindings: { lambdaContext?: LambdaContext } }>): string {
  return env?.lambdaContext?.awsRequestId ?? randomUUID();
}

/** Leaves a line for each request; the route, as a path can name people. Nothing that is answered may be kept by a cache. */
function accessLog(log: Log): MiddlewareHandler {
  return async (c, next) => {
    const start = performance.now();
    await next();
    c.header('cache-control', 'no-store');
    log.info('request', {
      requestId: c.get('requestId'),
      method: c.req.method,
      route: routePath(c, -1),
      operation: c.get('operation'),
      status: c.res.status,
      key: c.get('keyId'),
      code: c.error && codeOf(c.error),
      ms: Math.round(performance.now() - start),
    });
  };
}

/** The library hands over what it validated in either case, but its type says so only for success. */
const refuseInput: Hook<unknown, Env, string, void> = (result) => {
  if (!result.success) throw invalidRequest(result.error, (result as { readonly data?: unknown }).data);
};

function refuseMethod(c: Context, methods: readonly string[]): Response {
  const allowed = methods.join(', ');
  const error = new RequestError(
    'METHOD_NOT_ALLOWED',
    `Expected ${allowed} on this path, received ${c.req.method}. GET /openapi.json lists what there is.`,
  );
  const response = answerProblem(c, error);
  response.headers.set('allow', allowed);
  return response;
}

function refuseSize(limit: number): never {
  throw requestTooLarge(limit);
}

/** That a request has more bytes than this service takes. */
export function requestTooLarge(limit: number): RequestError {
  return new RequestError(
    'REQUEST_TOO_LARGE',
    `Expected a request of at most ${limit} bytes, received a larger one. Put large photos into the bucket and send their keys instead, or ask POST /v1/uploads for an address to put one to.`,
  );
}

function routeNotFound(c: Context): RequestError {
  return new RequestError(
    'ROUTE_NOT_FOUND',
    `Expected a path of this API, received ${c.req.path}. GET /openapi.json lists what there is, GET /docs shows it.`,
  );
}
