import { apiPorts } from './api-ports.ts';
import { createHandler } from './http/handler.ts';

/** Lambda: a request to the HTTP API, from API Gateway (payload format 2.0). */
export const handler = createHandler(apiPorts);
