import { createLog } from '../../lib/adapters/powertools-log.ts';
import { once } from '../once.ts';
import { apiPorts } from './api-ports.ts';
import { createHandler } from './http/handler.ts';

// Started while the function starts; what fails is told by the answer to the next request, which tries again.
const ports = once(apiPorts);
await ports().catch(() => {});

/** Lambda: a request to the HTTP API, from API Gateway (payload format 2.0). */
export const handler = createHandler(ports, createLog('api'));
