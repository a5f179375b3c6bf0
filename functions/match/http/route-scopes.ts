import type { Context } from 'hono';
import { routePath } from 'hono/route';
import type { Scope } from '../../../lib/core/access-keys.ts';
import { isRekognition } from '../rekognition/app.ts';
import { operationNamed } from '../rekognition/operations.ts';

/** Routes that look into a photo and change nothing, though they are called by POST. */
const recognising = ['/v1/verify', '/v1/search', '/v1/identify', '/v1/detect'];

/**
 * The scope that a route takes. Reading is `read`; what creates or removes collections, or removes people, is `admin`; all other changes are `write`.
 * @param route its path, with parameters as `:name`
 */
export function scopeOfRoute(method: string, route: string): Scope {
  if (method === 'GET' || method === 'HEAD' || recognising.includes(route)) return 'read';
  if (/^\/v1\/collections(\/:\w+)?$/.test(route)) return 'admin';
  if (method === 'DELETE' && /\/people\/:\w+$/.test(route)) return 'admin';
  return 'write';
}

/** The scope that a request takes: its route's, or that of the operation of Rekognition's protocol that it names. */
export function scopeOfRequest(c: Context): Scope {
  if (isRekognition(c)) return operationNamed(c.req.header('x-amz-target')).scope;
  return scopeOfRoute(c.req.method, routePath(c, -1));
}
