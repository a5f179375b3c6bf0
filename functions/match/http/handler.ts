import type { OpenAPIHono } from '@hono/zod-openapi';
import { type APIGatewayProxyResult, handle, type LambdaContext } from 'hono/aws-lambda';
import { type ApiPorts, createApp, createFailedApp } from './app.ts';
import { type RequestEvent, requestEventOf } from './request-event.ts';

/** Makes the Lambda handler of the API. What could not start answers so, and is started again by the next request. */
export function createHandler(
  makePorts: () => Promise<ApiPorts>,
): (event: RequestEvent, context: LambdaContext) => Promise<APIGatewayProxyResult> {
  let starting: Promise<OpenAPIHono> | undefined;
  return async (event, context) => {
    starting ??= makePorts().then(createApp);
    const app = await starting.catch((error: unknown) => {
      starting = undefined;
      console.error('the API cannot start', error);
      return createFailedApp(error);
    });
    return handle(app)(requestEventOf(event), context);
  };
}
