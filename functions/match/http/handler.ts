import { type APIGatewayProxyResult, handle, type LambdaContext } from 'hono/aws-lambda';
import type { Log } from '../../../lib/core/ports.ts';
import { once } from '../../once.ts';
import { type ApiPorts, createApp, createFailedApp } from './app.ts';
import { type RequestEvent, requestEventOf } from './request-event.ts';

/** Makes the Lambda handler of the API. What could not start answers so, and is started again by the next request. */
export function createHandler(
  makePorts: () => Promise<ApiPorts>,
  log: Log,
): (event: RequestEvent, context: LambdaContext) => Promise<APIGatewayProxyResult> {
  const start = once(async () => createApp(await makePorts()));
  return async (event, context) => {
    const app = await start().catch((error: unknown) => {
      log.error('the API cannot start', { requestId: context.awsRequestId }, error);
      return createFailedApp(error);
    });
    return handle(app)(requestEventOf(event), context);
  };
}
